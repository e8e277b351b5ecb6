import { HttpException, Injectable, Logger, type Type } from '@nestjs/common';
import { callSiteOfGraphqlSocket, callSiteOfRequest, callSiteOfSocket } from '../access/call-site.js';
import { followVerdicts } from '../access/call-state.js';
import type { AuthRequest } from '../access/credential-source.js';
import { HandshakeRules, type HandshakeRule } from '../access/handshake-rules.js';
import { SocketCredentials } from '../access/socket-credentials.service.js';
import { refusalBody, type TransportBody } from '../access/transport-errors.js';
import { HandshakeContext } from './handshake-context.js';
import { OpenSocket } from './open-socket.js';
import { SocketWatch } from './socket-watch.js';

/** A handshake that was judged: a refusal, or what happens once the socket is open. */
export type Judgement =
  { readonly refusal: TransportBody } | { readonly enter: () => void; readonly leave: () => void };

export const FAILED: TransportBody = { code: 'HTTP_500', message: 'Internal server error', statusCode: 500 };

/** Judges handshakes and remembers the sockets that were let in. */
@Injectable()
export class Handshakes {
  private readonly logger = new Logger('Gatehouse');
  private readonly sockets = new WeakMap<object, OpenSocket>();

  constructor(
    private readonly rules: HandshakeRules,
    private readonly credentials: SocketCredentials,
    private readonly watch: SocketWatch,
  ) {}

  ruleOfGateways(gateways: readonly Type[]): ReturnType<HandshakeRules['ofGateways']> {
    return this.rules.ofGateways(gateways);
  }

  ofGateway(socket: object, rule: HandshakeRule, end: OpenSocket['end']): Promise<Judgement> {
    return this.judge(socket, callSiteOfSocket(socket), rule, { transport: 'ws', end });
  }

  /**
   * @param connection the context that `graphql-ws` hands to its hooks
   * @param request the handshake, which operations show instead of the socket when the application makes their context
   */
  async ofGraphql(
    socket: object,
    connection: object,
    request: AuthRequest,
    end: OpenSocket['end'],
  ): Promise<Judgement> {
    const site = callSiteOfGraphqlSocket(connection);
    const judgement = await this.judge(socket, site, this.rules.ofGraphql(), { transport: 'graphql', end });
    const open = this.sockets.get(socket);
    if (open === undefined) return judgement;
    for (const carrier of [socket, callSiteOfRequest(request).carrier ?? request]) {
      followVerdicts(carrier, (principal) => {
        if (open.hold(principal)) this.watch.recheck(open);
      });
    }
    return judgement;
  }

  socket(socket: object): OpenSocket | undefined {
    return this.sockets.get(socket);
  }

  private async judge(
    socket: object,
    site: ReturnType<typeof callSiteOfSocket>,
    rule: HandshakeRule,
    { transport, end }: Pick<OpenSocket, 'transport' | 'end'>,
  ): Promise<Judgement> {
    const begun = this.watch.begin();
    try {
      const admission = await this.credentials.admit(site, rule, (gateway) => new HandshakeContext(gateway, socket));
      const open = new OpenSocket(rule, transport, admission, end);
      this.sockets.set(socket, open);
      return { enter: () => this.watch.add(open, begun), leave: () => this.watch.leave(open) };
    } catch (error) {
      if (error instanceof HttpException) return { refusal: refusalBody(error) };
      this.logger.error('A handshake could not be judged, so it is refused', error instanceof Error ? error.stack : '');
      return { refusal: FAILED };
    }
  }
}
