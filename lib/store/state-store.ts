/** A number of hits allowed in a window that starts with the first of them. */
export interface RateLimit {
  readonly limit: number;
  readonly windowMs: number;
}

export interface ConsumeResult {
  readonly allowed: boolean;
  /** Hits left in this window, never below 0. */
  readonly remaining: number;
  /** Time until the window ends, at least 1 ms while it is open. */
  readonly resetMs: number;
}

/** Failures in a window; when they reach the limit the key is locked, twice as long each round. */
export interface LockoutBudget {
  readonly kind: 'lockout';
  readonly limit: number;
  readonly windowMs: number;
  /** The first lock. Round n lasts `lockMs * 2^n`, at most `maxLockMs`. */
  readonly lockMs: number;
  readonly maxLockMs: number;
  /** How long rounds are remembered after the last lock began. Longer than the longest lock, or the ladder resets itself. */
  readonly roundsRememberedMs: number;
}

/** A bucket of failures that refills one at a time. No lock and no ladder. */
export interface BucketBudget {
  readonly kind: 'bucket';
  readonly limit: number;
  /** Time in which one failure is forgiven. */
  readonly refillMs: number;
}

export type AttemptBudget = LockoutBudget | BucketBudget;

export type AttemptBegin =
  | {
      readonly allowed: true;
      /** Names the window that holds the reservation, for `attemptEnd`. A bucket has none. */
      readonly window?: number;
    }
  | {
      readonly allowed: false;
      readonly reason: 'locked' | 'exhausted';
      /** When to try again. 1,000 ms when only reservations in flight fill the budget. */
      readonly retryAfterMs: number;
    };

/** `wrong` is a finished check that failed; `right` one that passed; `no-verdict` one that never finished. */
export type AttemptOutcome = 'wrong' | 'right' | 'no-verdict';

export interface AttemptEnd {
  /** Length of the lock that this very attempt started, else 0. */
  readonly lockedForMs: number;
}

/**
 * Which bound of an in-memory store a key counts against, by its prefix: `gh:{U}:` is `cache`, `gh:rate:` is `rate`,
 * `gh:attempt:` is `attempts`, everything else is `single-use`.
 */
export type StatePartition = 'cache' | 'rate' | 'attempts' | 'single-use';

/**
 * The port behind which all state lives that may be lost: counters, locks, used-marks, cached sessions. Each operation is
 * atomic on its key, on every node. An operation that cannot be carried out within the deadline (300 ms by default) throws
 * `AuthError` `STORE_UNAVAILABLE` (503); it never hangs and never answers as if nothing were stored.
 *
 * Replace it through `overrides: [{ provide: StateStore, useClass: MyStore }]` and prove the replacement with
 * `stateStoreContract` from `nestjs-gatehouse/testing`.
 */
export abstract class StateStore {
  /** Where the state is: decides what the start-up log and the checklist say. */
  abstract readonly kind: 'memory' | 'shared';

  abstract get(key: string): Promise<string | null>;
  /** All keys must share one hash tag (`{...}`), so that one command answers. */
  abstract getMany(keys: readonly string[]): Promise<(string | null)[]>;
  abstract set(key: string, value: string, ttlMs: number): Promise<void>;
  abstract delete(key: string): Promise<void>;
  /** `true` when this call stored the value, `false` when the key was there. */
  abstract setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean>;
  /** Reads and deletes: of any number of callers at once, one receives the value. */
  abstract take(key: string): Promise<string | null>;
  /** Replaces `expected` by `value`; `false` when the key holds something else or nothing. */
  abstract compareAndSet(key: string, expected: string, value: string, ttlMs: number): Promise<boolean>;

  /** Counts one hit. A refused hit is not counted and prolongs nothing. */
  abstract consume(key: string, limit: RateLimit): Promise<ConsumeResult>;
  /** Reserves one attempt: refused while locked, or when failures and attempts in flight reach the limit. */
  abstract attemptBegin(key: string, budget: AttemptBudget): Promise<AttemptBegin>;
  /**
   * Settles a reservation. Only `wrong` counts; a reservation never settled counts as a failure until its window ends.
   * `window` is what `attemptBegin` answered: one whose window has ended, or was cleared, has nothing to give back, and
   * must not give back what another has reserved since. Default: the window of now.
   */
  abstract attemptEnd(
    key: string,
    budget: AttemptBudget,
    outcome: AttemptOutcome,
    window?: number,
  ): Promise<AttemptEnd>;
  /** Forgets failures, rounds and lock of an attempt key. */
  abstract clear(key: string): Promise<void>;

  /**
   * Epoch ms of this node's last (re)connection or topology change. What was read before it is not believed: the store may
   * have come back with older data. A store that cannot lose its connection returns when it was made.
   */
  abstract connectedAt(): number;
  /** One round trip, within the deadline. */
  abstract ping(): Promise<void>;
  /** Frees connections and timers. Called once, after the last request. */
  abstract close(): Promise<void>;
}
