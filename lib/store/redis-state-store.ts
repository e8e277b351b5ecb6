import type { RedisScript } from './redis-script.js';
import { BUCKET_BEGIN, BUCKET_END, COMPARE_AND_SET, CONSUME, LOCKOUT_BEGIN, LOCKOUT_END } from './redis-scripts.js';
import type { RedisDiagnostics, RedisTransport } from './redis-transport.js';
import { StateStore } from './state-store.js';
import type {
  AttemptBegin,
  AttemptBudget,
  AttemptEnd,
  AttemptOutcome,
  ConsumeResult,
  RateLimit,
} from './state-store.js';
import { wholeTtlMs } from './state-ttl.js';

export type { RedisDiagnostics };

/** The last is the window of a reservation, or when to try again, in ms. */
type BeginReply = [allowed: number, reason: number, windowOrRetryAfterMs: number];

/**
 * The state in Redis 6.2 or later, one server or a cluster, shared by every node. Each operation is one command or one
 * script on one key (or on keys of one hash tag), timed by the server's own clock.
 */
export class RedisStateStore extends StateStore {
  override readonly kind = 'shared';

  constructor(private readonly redis: RedisTransport) {
    super();
  }

  override get(key: string): Promise<string | null> {
    return this.send<string | null>(key, ['GET', key]);
  }

  override getMany(keys: readonly string[]): Promise<(string | null)[]> {
    const first = keys[0];
    return first === undefined ? Promise.resolve([]) : this.send<(string | null)[]>(first, ['MGET', ...keys]);
  }

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.send(key, ['SET', key, value, 'PX', String(wholeTtlMs(ttlMs))]);
  }

  override async delete(key: string): Promise<void> {
    await this.send(key, ['DEL', key]);
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    return (await this.send(key, ['SET', key, value, 'NX', 'PX', String(wholeTtlMs(ttlMs))])) !== null;
  }

  override take(key: string): Promise<string | null> {
    return this.send<string | null>(key, ['GETDEL', key]);
  }

  override async compareAndSet(key: string, expected: string, value: string, ttlMs: number): Promise<boolean> {
    return (await this.script<number>(COMPARE_AND_SET, key, [expected, value, wholeTtlMs(ttlMs)])) === 1;
  }

  override async consume(key: string, { limit, windowMs }: RateLimit): Promise<ConsumeResult> {
    const reply = await this.script<[number, number, number]>(CONSUME, key, [limit, wholeTtlMs(windowMs)]);
    const [allowed, remaining, resetMs] = reply;
    return { allowed: allowed === 1, remaining, resetMs };
  }

  override async attemptBegin(key: string, budget: AttemptBudget): Promise<AttemptBegin> {
    const [script, args] =
      budget.kind === 'bucket'
        ? [BUCKET_BEGIN, [budget.limit, budget.refillMs]]
        : [LOCKOUT_BEGIN, [budget.limit, budget.windowMs]];
    // Nobody will settle a reservation whose caller has been refused, so it is given back.
    const giveBack = ([allowed, , window]: BeginReply): void => {
      if (allowed === 1) this.attemptEnd(key, budget, 'no-verdict', window).catch(() => undefined);
    };
    const [allowed, reason, rest] = await this.script<BeginReply>(script, key, args, giveBack);
    if (allowed === 1) return budget.kind === 'bucket' ? { allowed: true } : { allowed: true, window: rest };
    return { allowed: false, reason: reason === 1 ? 'locked' : 'exhausted', retryAfterMs: rest };
  }

  override async attemptEnd(
    key: string,
    budget: AttemptBudget,
    outcome: AttemptOutcome,
    window?: number,
  ): Promise<AttemptEnd> {
    if (budget.kind === 'bucket') {
      await this.script(BUCKET_END, key, [budget.limit, budget.refillMs, outcome]);
      return { lockedForMs: 0 };
    }
    const { limit, windowMs, lockMs, maxLockMs, roundsRememberedMs } = budget;
    const args = [limit, windowMs, outcome, lockMs, maxLockMs, roundsRememberedMs, window ?? ''];
    return { lockedForMs: await this.script<number>(LOCKOUT_END, key, args) };
  }

  override clear(key: string): Promise<void> {
    return this.delete(key);
  }

  override connectedAt(): number {
    return this.redis.connectedAt();
  }

  override ping(): Promise<void> {
    return this.redis.ping();
  }

  override close(): Promise<void> {
    return this.redis.close();
  }

  /** What the checklist asks about the server and the way to it. Never a user, a password or a query. */
  diagnostics(): Promise<RedisDiagnostics> {
    return this.redis.diagnostics();
  }

  private send<T>(key: string, args: string[]): Promise<T> {
    return this.redis.run(key, (send) => send(args) as Promise<T>);
  }

  private script<T>(
    script: RedisScript,
    key: string,
    args: readonly (string | number)[],
    late?: (reply: T) => void,
  ): Promise<T> {
    return this.redis.run(key, (send) => script.run(send, key, args) as Promise<T>, late);
  }
}
