import { describe, expect, it } from 'vitest';
import { explore, told } from './explore.js';
import { READ_LIVE, RULES, sessionCacheModel, STORED_LIVE, type CacheRules, type Loss } from './session-cache.model.js';

/** Each takes one defence away. */
const TWINS: readonly { what: string; rules: Partial<CacheRules>; loss?: Loss }[] = [
  { what: 'announces no change, and cannot forget afterwards', rules: { announces: false } },
  { what: 'forgets before it commits', rules: { forgets: 'version-early' } },
  { what: 'deletes the snapshot instead of the version', rules: { announces: false, forgets: 'snapshot' } },
  { what: 'uses a version again', rules: { neverTwice: false } },
  { what: 'takes the word "changing" for a version', rules: { believesChanging: true } },
  { what: 'names the version of after its load', rules: { namesBefore: false } },
  { what: 'believes what was stored before the store came back', loss: 'older', rules: { distrustsOlder: false } },
  { what: 'commits when its marker may have lapsed', rules: { rollsBackLate: false } },
  { what: 'reads a replica', rules: { readsPrimary: false } },
];

const LOSSES: readonly Loss[] = ['empty', 'evicts', 'older'];
const PROTOCOL = LOSSES.map((loss) => ({ loss, outcome: explore(sessionCacheModel(loss)) }));
const FOUND = [READ_LIVE, STORED_LIVE];

describe('the session cache: the model', () => {
  it.each(PROTOCOL.map(({ loss, outcome }) => ({ loss, outcome, states: outcome.states })))(
    'lets nobody in after an acknowledged revocation, with a store that $loss ($states states)',
    ({ outcome }) => expect(told(outcome)).toBe('holds'),
  );

  it.each(TWINS)('is broken by one that $what', ({ rules, loss = 'empty' }) => {
    const outcome = explore(sessionCacheModel(loss, { ...RULES, ...rules }));
    expect(FOUND, told(outcome)).toContain(outcome.found?.what);
  });

  // The bound is the life of a snapshot, 60 s: the price of an answer when the store fails between commit and answer.
  it('leaves over: a store that fails at the last step of a change, beside another change or after it lost the first step', () => {
    for (const loss of LOSSES) {
      const outcome = explore(sessionCacheModel(loss, { ...RULES, acknowledgesDisturbed: true }));
      expect(FOUND, told(outcome)).toContain(outcome.found?.what);
      expect(outcome.found!.trace.join()).toMatch(/cannot forget and is acknowledged/);
    }
  });
});
