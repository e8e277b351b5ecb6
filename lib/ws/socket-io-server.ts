import type { Handshakes, Judgement } from './handshakes.js';
import type { HandshakeRule } from '../access/handshake-rules.js';

/** As much of a `Server` or a `Namespace` of socket.io as is used. */
export interface SocketIoServer {
  use(middleware: (socket: SocketIoSocket, next: (error?: Error) => void) => void): unknown;
  on(event: 'connection', listener: (socket: SocketIoSocket) => void): unknown;
  readonly opts?: SocketIoOptions;
  /** Of a namespace: the server that it belongs to. */
  readonly server?: { readonly opts?: SocketIoOptions };
}

interface SocketIoOptions {
  readonly connectionStateRecovery?: { readonly skipMiddlewares?: boolean };
}

interface SocketIoSocket {
  emit(event: string, body: unknown): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
  disconnect(): unknown;
}

/** Told to the client as data of its `connect_error` (a middleware error of socket.io). */
class HandshakeRefused extends Error {
  constructor(readonly data: { readonly message: string }) {
    super(data.message);
  }
}

export function isSocketIoServer(server: unknown): server is SocketIoServer {
  const { use, on } = Object(server) as Partial<Record<'use' | 'on', unknown>>;
  return typeof use === 'function' && typeof on === 'function';
}

/** Whether a client that was gone for a moment comes back without passing any middleware, which is socket.io's default. */
export function skipsMiddleware(server: SocketIoServer): boolean {
  const { opts = server.server?.opts } = server;
  const recovery = opts?.connectionStateRecovery;
  return recovery !== undefined && recovery.skipMiddlewares !== false;
}

/** Judges before `connection` is told to anybody, the application's gateways included. */
export function guardSocketIo(server: SocketIoServer, ruleOf: () => HandshakeRule, handshakes: Handshakes): void {
  const judged = new WeakMap<object, Exclude<Judgement, { refusal: unknown }>>();
  server.use((socket, next) => {
    const end = (reason: unknown): void => {
      socket.emit('exception', reason);
      socket.disconnect();
    };
    void handshakes.ofGateway(socket, ruleOf(), end).then((judgement) => {
      if ('refusal' in judgement) return next(new HandshakeRefused(judgement.refusal));
      judged.set(socket, judgement);
      next();
    });
  });
  server.on('connection', (socket) => {
    const judgement = judged.get(socket);
    judgement?.enter();
    socket.once('disconnect', () => judgement?.leave());
  });
}
