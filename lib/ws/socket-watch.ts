import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { refusalBody } from '../access/transport-errors.js';
import { SocketCredentials, type SocketGrip } from '../access/socket-credentials.service.js';
import { SECOND_MS } from '../common/duration.js';
import type { AuthError } from '../errors/auth-error.js';
import type { OpenSocket } from './open-socket.js';

const LOOK_EVERY_MS = 5 * SECOND_MS;
/** Look-ups under way at once. When all of them fail nobody can say at the moment, and the rest is not asked. */
const AT_ONCE = 32;

interface WatchedSession {
  readonly grip: SocketGrip;
  readonly sockets: Set<OpenSocket>;
}

/**
 * Disconnects sockets whose session has ended or lost what they rest on: at once after a change on this node, and within
 * 5 s after one on another, by one look-up for each session that has sockets open here. When nobody can say whether a
 * session is live, its sockets stay; their messages are refused by the guard meanwhile.
 */
@Injectable()
export class SocketWatch implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Gatehouse');
  private readonly sessions = new Map<string, WatchedSession>();
  private stopListening: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;
  private changes = 0;

  constructor(private readonly credentials: SocketCredentials) {}

  /** Counts the changes on this node. Asked before a handshake is judged, and given to `add` after. */
  begin(): number {
    this.stopListening ??= this.credentials.onChange((userId) => {
      this.changes += 1;
      const concerned = [...this.sessions.values()].filter(({ grip }) => grip.userId === userId);
      if (concerned.length > 0) void this.check(concerned);
    });
    return this.changes;
  }

  /** From now on the socket ends with its session. A change since `begun` is made up for. */
  add(socket: OpenSocket, begun: number): void {
    const { grip, isGone } = socket;
    if (grip === undefined || isGone) return;
    const key = keyOf(grip);
    const session = this.sessions.get(key) ?? { grip, sockets: new Set() };
    session.sockets.add(socket);
    this.sessions.set(key, session);
    this.timer ??= setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
    if (begun !== this.changes) void this.check([session]);
  }

  /** The socket rests on more than before, which may have been taken away since it was judged. */
  recheck({ grip }: OpenSocket): void {
    const session = grip && this.sessions.get(keyOf(grip));
    if (session !== undefined) void this.check([session]);
  }

  /** The connection is over. */
  leave(socket: OpenSocket): void {
    socket.leave();
    this.remove(socket);
  }

  remove(socket: OpenSocket): void {
    if (socket.grip === undefined) return;
    const key = keyOf(socket.grip);
    const session = this.sessions.get(key);
    session?.sockets.delete(socket);
    if (session?.sockets.size === 0) this.sessions.delete(key);
    if (this.sessions.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Looks at every session that has sockets open here. Rounds do not overlap. */
  look(): Promise<void> {
    this.round ??= this.check([...this.sessions.values()]).finally(() => (this.round = undefined));
    return this.round;
  }

  beforeApplicationShutdown(): void {
    this.stopListening?.();
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async check(sessions: readonly WatchedSession[]): Promise<void> {
    for (let start = 0; start < sessions.length; start += AT_ONCE) {
      const part = sessions.slice(start, start + AT_ONCE);
      const looked = await Promise.all(part.map((session) => this.checkOne(session)));
      if (!looked.includes(true)) return;
    }
  }

  /** Whether anybody could say. */
  private async checkOne({ grip, sockets }: WatchedSession): Promise<boolean> {
    this.endAll(sockets, (own) => this.credentials.expiry(own));
    if (sockets.size === 0) return true;
    try {
      const holder = await this.credentials.holderOf(grip);
      this.endAll(sockets, (own, socket) => this.credentials.objection(own, holder, socket));
      return true;
    } catch {
      return false;
    }
  }

  private endAll(
    sockets: ReadonlySet<OpenSocket>,
    objectionTo: (grip: SocketGrip, socket: OpenSocket) => AuthError | undefined,
  ): void {
    for (const socket of [...sockets]) {
      const objection = socket.grip && objectionTo(socket.grip, socket);
      if (objection !== undefined) this.end(socket, objection);
    }
  }

  private end(socket: OpenSocket, objection: AuthError): void {
    this.leave(socket);
    try {
      socket.end(refusalBody(objection));
    } catch (error) {
      this.logger.error('A socket could not be closed', error instanceof Error ? error.stack : undefined);
    }
  }
}

function keyOf({ userId, sid }: SocketGrip): string {
  return `${sid} ${userId}`;
}
