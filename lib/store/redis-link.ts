import type { AuthError } from '../errors/auth-error.js';
import { failureReason } from './redis-endpoint.js';
import type { RedisClient } from './redis-client.js';
import { ReplyDeadline } from './reply-deadline.js';
import { storeUnavailable } from './store-unavailable.js';

export interface RedisLinkEvents {
  ready(): void;
  failed(reason: string): void;
  /** Every late answer has arrived. */
  caughtUp(): void;
  /** Nothing has come through for {@link STUCK_MS}: the socket may be half open and never say so. */
  stuck(): void;
  /** It answers, and was read-only {@link STUCK_MS} ago: another server may be the one to write to. */
  readOnly(): void;
}

const STUCK_MS = 2_000;

/**
 * One client and its deadline. Redis answers in order, so while one answer is overdue nothing behind it can be in time:
 * further commands are refused at once and do not pile up in the socket, to be carried out when nobody waits any more.
 */
export class RedisLink {
  private overdue = 0;
  private readonly lateReplies: (() => void)[] = [];
  private readonly deadline: ReplyDeadline;
  private watchdog: NodeJS.Timeout | undefined;
  private retired = false;

  constructor(
    readonly client: RedisClient,
    private readonly deadlineMs: number,
    private readonly events: RedisLinkEvents,
  ) {
    this.deadline = new ReplyDeadline(deadlineMs);
    // Without this listener a dying Redis ends the process, so it stays on a retired client too.
    client.on('error', (error) => this.onError(error));
    // A connection that is accepted and never answers the handshake reports nothing.
    client.on('connect', () => this.arm());
    client.on('ready', () => this.onReady());
  }

  get usable(): boolean {
    return !this.retired && this.client.isReady && this.overdue === 0;
  }

  /** @param late gets what was answered after the caller had been refused, as soon as commands are taken again. */
  run<T>(work: (client: RedisClient) => Promise<T>, late?: (reply: T) => void): Promise<T> {
    if (!this.usable) {
      const answered = this.overdue === 0;
      return Promise.reject(
        refused(answered ? 'NOT_CONNECTED' : 'NO_ANSWER', 'Redis cannot be reached at the moment.'),
      );
    }
    return new Promise<T>((resolve, reject) => {
      let expired = false;
      const awaited = this.deadline.begin(() => {
        expired = true;
        this.onOverdue();
        reject(refused('NO_ANSWER', `Redis did not answer within ${this.deadlineMs} ms.`));
      });
      const settled = (): void => {
        if (expired) this.onAnswered();
        else this.deadline.settle(awaited);
      };
      work(this.client).then(
        (reply) => {
          if (expired && late !== undefined) this.lateReplies.push(() => late(reply));
          settled();
          resolve(reply);
        },
        (error: unknown) => {
          settled();
          if (failureReason(error) === 'READONLY') this.arm();
          reject(storeUnavailable(error));
        },
      );
    });
  }

  /** No more commands, no more events. The client itself is left as it is. */
  retire(): void {
    this.retired = true;
    this.deadline.end();
    this.disarm();
  }

  private onReady(): void {
    this.disarm();
    if (!this.retired) this.events.ready();
  }

  private onError(error: unknown): void {
    this.disarm();
    if (!this.retired) this.events.failed(failureReason(error));
  }

  private onOverdue(): void {
    this.overdue += 1;
    this.arm();
    if (!this.retired) this.events.failed('NO_ANSWER');
  }

  private onAnswered(): void {
    this.overdue -= 1;
    if (this.overdue > 0) return;
    this.disarm();
    if (!this.retired && this.client.isReady) this.events.caughtUp();
    const replies = this.lateReplies.splice(0);
    if (this.retired) return;
    // Only now are commands taken again, and what a late reply calls for is one.
    for (const reply of replies) reply();
  }

  private arm(): void {
    if (this.retired) return;
    this.watchdog ??= setTimeout(() => {
      this.watchdog = undefined;
      if (this.usable) this.events.readOnly();
      else this.events.stuck();
    }, STUCK_MS).unref();
  }

  private disarm(): void {
    clearTimeout(this.watchdog);
    this.watchdog = undefined;
  }
}

function refused(code: string, message: string): AuthError {
  return storeUnavailable(Object.assign(new Error(message), { code }));
}
