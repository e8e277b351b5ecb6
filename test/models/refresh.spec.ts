import { describe, expect, it } from 'vitest';
import { explore, told } from './explore.js';
import {
  DEAD_GIVEN,
  decide,
  GIVEN_DIFFERENTLY,
  GOOD_CLIENT_ENDED,
  isLive,
  LATE,
  NOT_ONE_EVENT,
  refreshModel,
  REUSE_UNNOTICED,
  RULES,
  SPENT_GIVEN,
  TWO_SUCCESSORS,
  type Family,
  type RefreshRules,
} from './refresh.model.js';

const without = (...ends: readonly ('revoked' | 'epochMoved' | 'disabled')[]) => {
  const blind = (family: Family): Family => ({ ...family, ...Object.fromEntries(ends.map((end) => [end, false])) });
  return (presented: number, family: Family, now: number): boolean => RULES.mayRotate(presented, blind(family), now);
};

/** Each takes one defence away. */
const TWINS: readonly { what: string; breaks: readonly string[]; rules: Partial<RefreshRules> }[] = [
  {
    what: 'rotates whatever the generation is by now',
    breaks: [TWO_SUCCESSORS, SPENT_GIVEN],
    rules: { mayRotate: (_presented, family, now) => isLive(family, now) },
  },
  { what: 'rotates a revoked session', breaks: [DEAD_GIVEN], rules: { mayRotate: without('revoked') } },
  { what: 'rotates a session of another epoch', breaks: [DEAD_GIVEN], rules: { mayRotate: without('epochMoved') } },
  {
    what: 'rotates for an account that is disabled',
    breaks: [DEAD_GIVEN],
    rules: { mayRotate: without('epochMoved', 'disabled') },
  },
  {
    what: 'rotates past the absolute end',
    breaks: [DEAD_GIVEN],
    rules: { mayRotate: (presented, family) => RULES.mayRotate(presented, family, 0) },
  },
  {
    what: 'asks nothing of the session within the grace',
    breaks: [DEAD_GIVEN],
    rules: {
      decide: (presented, family, now) =>
        presented === family.generation - 1 && family.rotatedAt !== null ? 'grace' : decide(presented, family, now),
    },
  },
  {
    what: 'gives a token to any generation that is spent',
    breaks: [SPENT_GIVEN],
    rules: { decide: (presented, family, now) => replaced('reuse', 'grace', decide(presented, family, now)) },
  },
  {
    what: 'takes a lost answer for reuse',
    breaks: [GOOD_CLIENT_ENDED],
    rules: { decide: (presented, family, now) => replaced('grace', 'reuse', decide(presented, family, now)) },
  },
  {
    what: 'takes a token from before a restored database for reuse',
    breaks: [GOOD_CLIENT_ENDED],
    rules: { decide: (presented, family, now) => replaced('future', 'reuse', decide(presented, family, now)) },
  },
  {
    what: 'rotates once more within the grace',
    breaks: [GIVEN_DIFFERENTLY],
    rules: { graceAnswer: ({ generation }) => generation + 1 },
  },
  { what: 'only refuses reuse', breaks: [REUSE_UNNOTICED], rules: { endsAtReuse: false } },
  { what: 'writes the event for each caller', breaks: [NOT_ONE_EVENT], rules: { claimsReuse: false } },
  { what: 'carries out what it has answered 503', breaks: [LATE], rules: { takesBackLate: false } },
];

function replaced<T>(from: T, to: T, value: T): T {
  return value === from ? to : value;
}

const PROTOCOL = explore(refreshModel());

describe('refresh tokens: the model', () => {
  it(`has one live generation, and ends a session at reuse, with one event (${PROTOCOL.states} states)`, () => {
    expect(told(PROTOCOL)).toBe('holds');
  });

  it.each(TWINS)('is broken by one that $what', ({ rules, breaks }) => {
    const outcome = explore(refreshModel({ ...RULES, ...rules }));
    expect(breaks, told(outcome)).toContain(outcome.found?.what);
  });
});
