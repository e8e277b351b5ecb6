import { describe, expect, it } from 'vitest';
import { beginLockout, endLockout, type LockoutState } from './lockout-budget.js';
import type { LockoutBudget } from './state-store.js';

const NOW = 1_000;
const BUDGET: LockoutBudget = {
  kind: 'lockout',
  limit: 3,
  windowMs: 900,
  lockMs: 60,
  maxLockMs: 200,
  roundsRememberedMs: 5_000,
};
const EMPTY: LockoutState = {
  kind: 'lockout',
  hits: 1,
  failures: 0,
  inFlight: 0,
  windowEndsAt: 0,
  round: 0,
  roundsUntil: 0,
  lockedUntil: 0,
};
const FRESH = { ...EMPTY, inFlight: 1, windowEndsAt: NOW + 900 };

describe('a budget of failures', () => {
  it('opens a window with the first attempt', () => {
    expect(beginLockout(undefined, BUDGET, NOW)).toEqual({
      begin: { allowed: true, window: NOW + 900 },
      next: FRESH,
    });
  });

  it.each([NOW, NOW - 1])('forgets window, rounds and lock that end at %i', (at) => {
    const over = { ...EMPTY, failures: 2, inFlight: 1, windowEndsAt: at, round: 1, roundsUntil: at, lockedUntil: at };
    expect(beginLockout(over, BUDGET, NOW).next).toEqual({ ...FRESH, hits: 2 });
  });

  it('holds window, rounds and lock to their last millisecond', () => {
    const held = { ...EMPTY, failures: 1, windowEndsAt: NOW + 1, round: 1, roundsUntil: NOW + 1 };
    expect(beginLockout(held, BUDGET, NOW).next).toEqual({ ...held, hits: 2, inFlight: 1 });
    expect(beginLockout({ ...held, lockedUntil: NOW + 1 }, BUDGET, NOW)).toEqual({
      begin: { allowed: false, reason: 'locked', retryAfterMs: 1 },
    });
  });

  it('counts what is under way like failures', () => {
    const full = { ...EMPTY, failures: 1, inFlight: 2, windowEndsAt: NOW + 1 };
    expect(beginLockout(full, BUDGET, NOW)).toMatchObject({ begin: { allowed: false, reason: 'exhausted' } });
    expect(beginLockout({ ...full, inFlight: 1 }, BUDGET, NOW).begin.allowed).toBe(true);
  });

  it('gives back one reservation, and none twice', () => {
    const two = { ...FRESH, inFlight: 2 };
    expect(endLockout(two, BUDGET, 'no-verdict', NOW).next).toEqual(FRESH);
    expect(endLockout(two, BUDGET, 'no-verdict', NOW, two.windowEndsAt).next).toEqual(FRESH);
    expect(endLockout(two, BUDGET, 'no-verdict', NOW, NOW + 1).next).toEqual(two);
    const failed = { ...FRESH, inFlight: 0, failures: 1 };
    expect(endLockout(failed, BUDGET, 'no-verdict', NOW).next).toEqual(failed);
  });

  it('remembers nothing where nothing is left, and rounds without a window where they are', () => {
    expect(endLockout(FRESH, BUDGET, 'right', NOW)).toEqual({ lockedForMs: 0, next: null });
    const rounds = { ...FRESH, round: 1, roundsUntil: NOW + 9 };
    expect(endLockout(rounds, BUDGET, 'right', NOW).next).toEqual({ ...rounds, inFlight: 0, windowEndsAt: 0 });
    const locked = { ...FRESH, lockedUntil: NOW + 9 };
    expect(endLockout(locked, BUDGET, 'right', NOW).next).toEqual({ ...locked, inFlight: 0, windowEndsAt: 0 });
  });

  it('locks at the limit, twice as long with each round, up to the longest', () => {
    const at = (round: number) => ({ ...FRESH, failures: 2, round, roundsUntil: round === 0 ? 0 : NOW + 9 });
    for (const [round, ms] of [
      [0, 60],
      [1, 120],
      [2, 200],
      [50, 200],
    ] as const) {
      expect(endLockout(at(round), BUDGET, 'wrong', NOW)).toEqual({
        lockedForMs: ms,
        next: {
          ...FRESH,
          inFlight: 0,
          windowEndsAt: 0,
          round: round + 1,
          roundsUntil: NOW + 5_000,
          lockedUntil: NOW + ms,
        },
      });
    }
    expect(endLockout({ ...FRESH, failures: 1 }, BUDGET, 'wrong', NOW)).toEqual({
      lockedForMs: 0,
      next: { ...FRESH, inFlight: 0, failures: 2 },
    });
  });
});
