import { IN_FLIGHT_RETRY_MS } from './lockout-budget.js';
import type { AttemptBegin, AttemptOutcome, BucketBudget } from './state-store.js';

/**
 * What is stored for a key with a {@link BucketBudget}. A reservation is charged like a failure when it begins and given
 * back unless it was one, so a reservation that is never settled is forgiven in time like any failure.
 */
export interface BucketState {
  readonly kind: 'bucket';
  /** Attempts let through since the entry was made. Decides who keeps a place in a full store. */
  readonly hits: number;
  /** When the bucket will hold nothing. */
  readonly drainedAt: number;
  /** Charges that may still be given back. */
  readonly inFlight: number;
}

/** `next` is what to store; absent when nothing changes, so that a refused attempt prolongs nothing. */
export function beginBucket(
  stored: BucketState | undefined,
  budget: BucketBudget,
  now: number,
): { begin: AttemptBegin; next?: BucketState } {
  const { hits, drainedAt, inFlight } = current(stored, budget, now);
  const overflowMs = drainedAt - now + budget.refillMs - budget.limit * budget.refillMs;
  if (overflowMs > 0) {
    const failuresAloneFit = overflowMs <= inFlight * budget.refillMs;
    const retryAfterMs = failuresAloneFit ? IN_FLIGHT_RETRY_MS : overflowMs;
    return { begin: { allowed: false, reason: 'exhausted', retryAfterMs } };
  }
  return {
    begin: { allowed: true },
    next: { kind: 'bucket', hits: hits + 1, drainedAt: drainedAt + budget.refillMs, inFlight: inFlight + 1 },
  };
}

/** `next` is what to store; `null` when nothing is left to remember. */
export function endBucket(
  stored: BucketState | undefined,
  budget: BucketBudget,
  outcome: AttemptOutcome,
  now: number,
): BucketState | null {
  const state = current(stored, budget, now);
  const charged = state.inFlight > 0;
  const inFlight = charged ? state.inFlight - 1 : 0;
  let { drainedAt } = state;
  if (outcome === 'wrong' && !charged) drainedAt += budget.refillMs;
  if (outcome !== 'wrong' && charged) drainedAt -= budget.refillMs;
  return drainedAt > now ? { ...state, drainedAt, inFlight } : null;
}

function current(stored: BucketState | undefined, budget: BucketBudget, now: number): BucketState {
  if (stored === undefined || stored.drainedAt <= now) return { kind: 'bucket', hits: 0, drainedAt: now, inFlight: 0 };
  const held = Math.ceil((stored.drainedAt - now) / budget.refillMs);
  return { ...stored, inFlight: Math.min(stored.inFlight, held) };
}
