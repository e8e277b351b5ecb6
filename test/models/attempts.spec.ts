import { describe, expect, it } from 'vitest';
import { Reservations } from '../../lib/attempts/reservations.js';
import { beginLockout, endLockout, type LockoutState } from '../../lib/store/lockout-budget.js';
import { MemoryStateStore, TestClock } from '../../lib/testing/index.js';
import {
  attemptsModel,
  BUDGET,
  LOWER_THAN_FAILURES,
  MORE_THAN_LIMIT,
  NEVER_LAPSES,
  NO_LOCK,
  REFUSED_WITH_ROOM,
  RULES,
  type AttemptRules,
} from './attempts.model.js';
import { explore, told } from './explore.js';

const end: typeof endLockout = (stored, budget, outcome, now, window) =>
  endLockout(stored, budget, outcome, now, window);

/** Each takes one defence away. */
const TWINS: readonly { what: string; breaks: readonly string[]; rules: Partial<AttemptRules> }[] = [
  {
    what: 'counts what has failed, without reserving before',
    breaks: [MORE_THAN_LIMIT],
    rules: {
      begin: (stored, budget, now) => {
        const { begin, next } = beginLockout(stored, budget, now);
        return next === undefined ? { begin } : { begin, next: { ...next, inFlight: stored?.inFlight ?? 0 } };
      },
    },
  },
  {
    what: 'counts a right password as a wrong one',
    breaks: [NO_LOCK, REFUSED_WITH_ROOM],
    rules: { end: (stored, budget, _outcome, now, window) => end(stored, budget, 'wrong', now, window) },
  },
  {
    what: 'keeps the reservation of what came to no verdict',
    breaks: [REFUSED_WITH_ROOM],
    rules: {
      end: (stored, budget, outcome, now, window) =>
        outcome === 'no-verdict' && stored !== undefined
          ? { lockedForMs: 0, next: stored }
          : end(stored, budget, outcome, now, window),
    },
  },
  {
    what: 'lets the end of an attempt of an earlier window give back what another holds',
    breaks: [MORE_THAN_LIMIT],
    rules: { namesWindow: false },
  },
  { what: 'settles an attempt once more on its way out', breaks: [MORE_THAN_LIMIT], rules: { settlesTwice: true } },
  { what: 'gives back what a dead process held', breaks: [MORE_THAN_LIMIT], rules: { crash: 'no-verdict' } },
  {
    what: 'keeps a window open for ever',
    breaks: [REFUSED_WITH_ROOM, NEVER_LAPSES],
    rules: { begin: (stored, budget, now) => beginLockout(unending(stored), budget, now) },
  },
  {
    what: 'begins the window anew with each refusal',
    breaks: [REFUSED_WITH_ROOM],
    rules: {
      begin: (stored, budget, now) => {
        const answer = beginLockout(stored, budget, now);
        const { begin } = answer;
        if (begin.allowed || begin.reason === 'locked' || stored === undefined) return answer;
        return { begin, next: { ...stored, windowEndsAt: now + budget.windowMs } };
      },
    },
  },
  {
    what: 'never locks',
    breaks: [NO_LOCK],
    rules: {
      end: (stored, budget, outcome, now, window) => {
        const { next } = end(stored, budget, outcome, now, window);
        return { lockedForMs: 0, next: next && { ...next, lockedUntil: 0 } };
      },
    },
  },
  {
    what: 'lets the clock forgive a failure before its window ends',
    breaks: [LOWER_THAN_FAILURES],
    rules: {
      end: (stored, budget, outcome, now, window) => {
        const { lockedForMs, next } = end(stored, budget, outcome, now, window);
        return { lockedForMs, next: outcome === 'right' ? null : next };
      },
    },
  },
];

function unending(stored: LockoutState | undefined): LockoutState | undefined {
  return stored?.windowEndsAt ? { ...stored, windowEndsAt: Number.MAX_SAFE_INTEGER } : stored;
}

const PROTOCOL = explore(attemptsModel());

describe('attempts, reserved and then settled: the model', () => {
  it(`checks no more guesses than the budget holds, and refuses none without need (${PROTOCOL.states} states)`, () => {
    expect(told(PROTOCOL)).toBe('holds');
  });

  it.each(TWINS)('is broken by one that $what', ({ rules, breaks }) => {
    const { found } = explore(attemptsModel({ ...RULES, ...rules }));
    expect(breaks).toContain(found?.what);
  });
});

it('attempts that outlast their window give back nothing of the next one', async () => {
  const clock = new TestClock();
  const store = new MemoryStateStore(clock);
  const begin = async (): Promise<Reservations | undefined> => {
    const attempt = new Reservations(store);
    const refusal = await attempt.tryReserve({ subject: 'account', key: 'gh:attempt:a', budget: BUDGET });
    return refusal === undefined ? attempt : undefined;
  };
  const early = [await begin(), await begin()];
  clock.advance(BUDGET.windowMs);
  const guesses = [await begin(), await begin()];
  expect([...early, ...guesses]).not.toContain(undefined);
  await early[0]!.settle('right');
  await early[1]!.settle('no-verdict');
  expect(await begin()).toBeUndefined();
  await guesses[0]!.settle('right');
  expect(await begin()).toBeDefined();
});
