import type { AttemptBegin, AttemptOutcome, LockoutBudget } from './state-store.js';

/** What is stored for a key with a {@link LockoutBudget}. Times are epoch ms, 0 when there is none. */
export interface LockoutState {
  readonly kind: 'lockout';
  /** Attempts let through since the entry was made. Decides who keeps a place in a full store. */
  readonly hits: number;
  readonly failures: number;
  readonly inFlight: number;
  readonly windowEndsAt: number;
  readonly round: number;
  readonly roundsUntil: number;
  readonly lockedUntil: number;
}

/** When only reservations in flight fill a budget, the outcome of one of them is a moment away. */
export const IN_FLIGHT_RETRY_MS = 1_000;

/** Past this the doubling has long met `maxLockMs`; it keeps the power finite. */
const LAST_DOUBLING = 30;

const EMPTY: LockoutState = {
  kind: 'lockout',
  hits: 0,
  failures: 0,
  inFlight: 0,
  windowEndsAt: 0,
  round: 0,
  roundsUntil: 0,
  lockedUntil: 0,
};

/** `next` is what to store; absent when nothing changes, so that a refused attempt prolongs nothing. */
export function beginLockout(
  stored: LockoutState | undefined,
  budget: LockoutBudget,
  now: number,
): { begin: AttemptBegin; next?: LockoutState } {
  const state = current(stored, now);
  if (state.lockedUntil > now) {
    return { begin: { allowed: false, reason: 'locked', retryAfterMs: state.lockedUntil - now } };
  }
  if (state.failures + state.inFlight >= budget.limit) {
    return { begin: { allowed: false, reason: 'exhausted', retryAfterMs: IN_FLIGHT_RETRY_MS } };
  }
  const windowEndsAt = state.windowEndsAt === 0 ? now + budget.windowMs : state.windowEndsAt;
  return {
    begin: { allowed: true, window: windowEndsAt },
    next: { ...state, hits: state.hits + 1, inFlight: state.inFlight + 1, windowEndsAt },
  };
}

/** `next` is what to store; `null` when nothing is left to remember. */
export function endLockout(
  stored: LockoutState | undefined,
  budget: LockoutBudget,
  outcome: AttemptOutcome,
  now: number,
  window?: number,
): { lockedForMs: number; next: LockoutState | null } {
  const state = current(stored, now);
  // What was reserved in a window that is over went with it: those in flight are others.
  const isHeld = window === undefined || window === state.windowEndsAt;
  const inFlight = isHeld ? Math.max(0, state.inFlight - 1) : state.inFlight;
  if (outcome !== 'wrong') return { lockedForMs: 0, next: kept({ ...state, inFlight }) };

  const failures = state.failures + 1;
  if (failures < budget.limit) {
    const windowEndsAt = state.windowEndsAt === 0 ? now + budget.windowMs : state.windowEndsAt;
    return { lockedForMs: 0, next: { ...state, inFlight, failures, windowEndsAt } };
  }
  const lockedForMs = Math.min(budget.maxLockMs, budget.lockMs * 2 ** Math.min(state.round, LAST_DOUBLING));
  const locked = {
    ...state,
    inFlight,
    failures: 0,
    round: state.round + 1,
    roundsUntil: now + budget.roundsRememberedMs,
    lockedUntil: now + lockedForMs,
  };
  return { lockedForMs, next: kept(locked) };
}

export function lockoutExpiresAt(state: LockoutState): number {
  return Math.max(state.windowEndsAt, state.lockedUntil, state.roundsUntil);
}

/** The state without what has passed: a window that is over takes its failures and unsettled reservations along. */
function current(stored: LockoutState | undefined, now: number): LockoutState {
  const state = stored ?? EMPTY;
  return {
    ...state,
    ...(state.windowEndsAt > now ? {} : { failures: 0, inFlight: 0, windowEndsAt: 0 }),
    ...(state.roundsUntil > now ? {} : { round: 0, roundsUntil: 0 }),
    lockedUntil: state.lockedUntil > now ? state.lockedUntil : 0,
  };
}

function kept(state: LockoutState): LockoutState | null {
  if (state.failures + state.inFlight > 0) return state;
  if (state.round === 0 && state.lockedUntil === 0) return null;
  return { ...state, windowEndsAt: 0 };
}
