import { Injectable } from '@nestjs/common';
import type { Principal } from '../common/principal.js';
import { AuthError } from '../errors/auth-error.js';
import { presentToken } from '../access/socket-handshake.js';
import { SocketCredentials } from '../access/socket-credentials.service.js';
import { transportError } from '../access/transport-errors.js';
import { graphqlWsHooks, type GraphqlWsHooks } from './graphql-ws.js';
import { Handshakes } from './handshakes.js';
import type { OpenSocket } from './open-socket.js';
import { SocketWatch } from './socket-watch.js';

/** The login sessions behind open sockets. Import `AuthSocketsModule` to have it. */
@Injectable()
export class SocketSessions {
  constructor(
    private readonly handshakes: Handshakes,
    private readonly credentials: SocketCredentials,
    private readonly watch: SocketWatch,
  ) {}

  /**
   * Who opened a socket, for `handleConnection`; `undefined` when nobody is known. As of the handshake or the latest
   * `authenticate`: inside a message `@CurrentPrincipal()` knows it as of now.
   */
  principalOf(socket: object): Principal | undefined {
    return this.handshakes.socket(socket)?.principal;
  }

  /**
   * Takes a new access token for a socket that stays open: its messages are from the token from then on, and it ends with
   * the token instead of the credential before. When the token is refused, nothing changes.
   *
   * @param socket the client of a gateway, or `extra.socket` of a `graphql-ws` connection
   * @throws in the transport's shape `INVALID_ACCESS_TOKEN` (401); `FORBIDDEN` (403) for the token of another user, when the
   * gateway's class rule is not met, or, over `graphql-ws`, for a token that allows less than the connection had until now;
   * `STORE_UNAVAILABLE` (503)
   */
  async authenticate(socket: object, accessToken: unknown): Promise<Principal> {
    const open = this.handshakes.socket(socket);
    if (open === undefined)
      throw new Error('This socket was not opened through a gateway that AuthSocketsModule guards.');
    try {
      return await this.renew(socket, open, accessToken);
    } catch (error) {
      throw await transportError(open.transport, error);
    }
  }

  /**
   * Judges connections of `graphql-ws` by `connectionParams.authorization` or the session cookie, and closes them, with all
   * their subscriptions, when the session ends. For `subscriptions: { 'graphql-ws': sockets.graphqlWs() }`.
   */
  graphqlWs(): GraphqlWsHooks {
    return graphqlWsHooks(this.handshakes);
  }

  private async renew(socket: object, open: OpenSocket, token: unknown): Promise<Principal> {
    const begun = this.watch.begin();
    const admission = await this.credentials.renew(typeof token === 'string' ? token : '', open.rule);
    const { principal } = admission;
    if (open.principal !== undefined && open.principal.userId !== principal.userId) {
      throw new AuthError('FORBIDDEN', { message: 'This connection belongs to somebody else. Open another one.' });
    }
    if (open.isLess(principal)) {
      throw new AuthError('FORBIDDEN', { message: 'This token allows less than this connection. Open another one.' });
    }
    this.watch.remove(open);
    open.standOn(admission);
    presentToken(socket, token as string);
    this.watch.add(open, begun);
    return principal;
  }
}
