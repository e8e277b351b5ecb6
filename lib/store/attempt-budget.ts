import { beginBucket, endBucket, type BucketState } from './bucket-budget.js';
import { beginLockout, endLockout, lockoutExpiresAt, type LockoutState } from './lockout-budget.js';
import type { AttemptBegin, AttemptBudget, AttemptEnd, AttemptOutcome } from './state-store.js';

export type AttemptState = LockoutState | BucketState;

export function beginAttempt(
  stored: AttemptState | undefined,
  budget: AttemptBudget,
  now: number,
): { begin: AttemptBegin; next?: AttemptState } {
  if (budget.kind === 'bucket') return beginBucket(stored?.kind === 'bucket' ? stored : undefined, budget, now);
  return beginLockout(stored?.kind === 'lockout' ? stored : undefined, budget, now);
}

export function endAttempt(
  stored: AttemptState | undefined,
  budget: AttemptBudget,
  outcome: AttemptOutcome,
  now: number,
  window?: number,
): { end: AttemptEnd; next: AttemptState | null } {
  if (budget.kind === 'bucket') {
    const next = endBucket(stored?.kind === 'bucket' ? stored : undefined, budget, outcome, now);
    return { end: { lockedForMs: 0 }, next };
  }
  const lockout = stored?.kind === 'lockout' ? stored : undefined;
  const { lockedForMs, next } = endLockout(lockout, budget, outcome, now, window);
  return { end: { lockedForMs }, next };
}

export function attemptExpiresAt(state: AttemptState): number {
  return state.kind === 'bucket' ? state.drainedAt : lockoutExpiresAt(state);
}
