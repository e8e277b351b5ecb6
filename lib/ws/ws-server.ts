import type { HandshakeRule } from '../access/handshake-rules.js';
import type { AuthRequest } from '../access/credential-source.js';
import { leaveHandshake } from '../access/socket-handshake.js';
import type { TransportBody } from '../access/transport-errors.js';
import { closeCode } from './close-code.js';
import { FAILED, type Handshakes } from './handshakes.js';

/** As much of a `WebSocketServer` of `ws` as is used. */
export interface WsServer {
  readonly clients: unknown;
  emit(event: string, ...args: unknown[]): boolean;
  handleUpgrade: unknown;
}

/** As much of a `WebSocket` of `ws` as is used. */
export interface WsSocket {
  readonly readyState: number;
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
  on(event: 'error', listener: () => void): unknown;
  once(event: 'close', listener: () => void): unknown;
}

const OPEN = 1;

export function isWsServer(server: unknown): server is WsServer {
  const { emit, handleUpgrade } = Object(server) as Partial<Record<'emit' | 'handleUpgrade', unknown>>;
  return typeof emit === 'function' && typeof handleUpgrade === 'function';
}

/** What ends a `ws` socket: the code of the refusal becomes the reason of the close frame. */
export function closerOf(socket: WsSocket): (reason: TransportBody) => void {
  return (reason) => socket.close(closeCode(reason), reason.code);
}

/**
 * Holds `connection` back until the handshake is judged. `ws` knows no asynchronous middleware that may answer with a close
 * code, so the event itself is intercepted. What the client sends meanwhile waits in its socket.
 */
export function guardWs(server: WsServer, ruleOf: () => HandshakeRule, handshakes: Handshakes): void {
  const emit = server.emit.bind(server);
  const judge = async (socket: WsSocket, request: AuthRequest): Promise<void> => {
    // Listeners of the application come with the event that is held back, and an error without one ends the process.
    socket.on('error', () => undefined);
    socket.pause();
    leaveHandshake(socket, request);
    const close = closerOf(socket);
    const judgement = await handshakes.ofGateway(socket, ruleOf(), close);
    if ('refusal' in judgement) close(judgement.refusal);
    else if (socket.readyState === OPEN) {
      socket.once('close', judgement.leave);
      judgement.enter();
      emit('connection', socket, request);
    }
    socket.resume();
  };
  server.emit = (event, ...args) => {
    if (event !== 'connection') return emit(event, ...args);
    const socket = args[0] as WsSocket;
    // What a listener of the application throws would end the process, now that it is called later.
    judge(socket, args[1] as AuthRequest).catch(() => closerOf(socket)(FAILED));
    return true;
  };
}
