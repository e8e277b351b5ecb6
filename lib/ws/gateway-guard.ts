import { Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { HandshakeRule } from '../access/handshake-rules.js';
import { isGateway } from '../access/handler-kinds.js';
import { isObject } from '../access/socket-handshake.js';
import { StartUpError } from '../errors/start-up-error.js';
import { Handshakes } from './handshakes.js';
import { guardSocketIo, isSocketIoServer, skipsMiddleware } from './socket-io-server.js';
import { guardWs, isWsServer } from './ws-server.js';

interface GatewayInstance {
  afterInit?: (server: unknown) => unknown;
}

interface GuardedServer {
  readonly gateways: readonly Type[];
  readonly rule: HandshakeRule;
}

const LATE = 'its server was made before AuthSocketsModule could reach it.';
const FOREIGN = 'its WebSocket adapter is neither that of socket.io nor that of ws.';
const RECOVERY = 'recovered connections would pass unjudged: set connectionStateRecovery.skipMiddlewares to false.';

/**
 * Stands before the handshakes of every gateway. Nest offers two moments for that: it sets its WebSocket adapter before it
 * connects the first gateway, and it calls `afterInit` of each with the server that this gateway has, before the server
 * tells anybody of a client.
 */
@Injectable()
export class GatewayGuard implements OnModuleInit {
  private readonly guarded = new Set<object>();
  private readonly servers = new Map<object, GuardedServer>();
  private readonly problems = new Set<string>();

  constructor(
    private readonly config: ApplicationConfig,
    private readonly modules: ModulesContainer,
    private readonly handshakes: Handshakes,
  ) {
    const setAdapter = config.setIoAdapter.bind(config);
    config.setIoAdapter = (adapter) => {
      setAdapter(adapter);
      this.prepare();
    };
  }

  /** A gateway that came past the preparation would be an open door. Without an adapter none is connected at all. */
  onModuleInit(): void {
    const missed = isObject(this.config.getIoAdapter())
      ? this.instances().filter(({ instance }) => !this.guarded.has(instance))
      : [];
    for (const { type } of missed) this.problems.add(`${type.name}: ${LATE}`);
    if (this.problems.size === 0) return;
    throw new StartUpError('the handshakes of these gateways cannot be guarded.', [...this.problems]);
  }

  private prepare(): void {
    for (const { instance, type } of this.instances()) {
      if (this.guarded.has(instance)) continue;
      this.guarded.add(instance);
      const own = instance.afterInit?.bind(instance);
      instance.afterInit = (server) => {
        this.guard(server, type);
        return own?.(server);
      };
    }
  }

  /**
   * Gateways that share a server share its sockets: Nest tells each of them of every client. What is wrong is kept for
   * `onModuleInit`, since Nest does not hear what `afterInit` throws.
   */
  private guard(server: unknown, type: Type): void {
    if (!isObject(server)) return this.complain(type, FOREIGN);
    const known = this.servers.get(server);
    const gateways = [...(known?.gateways ?? []), type];
    const { problems, ...rule } = this.handshakes.ruleOfGateways(gateways);
    for (const problem of problems) this.problems.add(problem);
    this.servers.set(server, { gateways, rule });
    if (known !== undefined) return;
    const ruleOf = (): HandshakeRule => this.servers.get(server)?.rule ?? rule;
    if (isWsServer(server)) return guardWs(server, ruleOf, this.handshakes);
    if (!isSocketIoServer(server)) return this.complain(type, FOREIGN);
    if (skipsMiddleware(server)) this.complain(type, RECOVERY);
    guardSocketIo(server, ruleOf, this.handshakes);
  }

  private complain({ name }: Type, problem: string): void {
    this.problems.add(`${name}: ${problem}`);
  }

  private instances(): readonly { readonly instance: GatewayInstance; readonly type: Type }[] {
    return [...this.modules.values()].flatMap((module) =>
      [...module.providers.values()].flatMap(({ metatype, instance, isNotMetatype }) => {
        const type = metatype as Type | null;
        if (isNotMetatype || typeof type !== 'function' || !isGateway(type)) return [];
        return [{ instance: instance as GatewayInstance, type }];
      }),
    );
  }
}
