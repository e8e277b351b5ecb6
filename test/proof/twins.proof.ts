import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namePattern } from '../attacks/test-names.js';
import { TRAPS } from '../attacks/traps.js';
import { TwinLab, type TestResult } from './twin-lab.js';

/** `rejects` and `resolves` throw an error of their own. */
const ASSERTION = /^AssertionError|^Error: promise (?:resolved|rejected) /;

let lab: TwinLab;
beforeAll(() => {
  lab = TwinLab.create();
});
afterAll(() => lab.remove());

const failed = (results: readonly TestResult[]): readonly TestResult[] =>
  results.filter(({ status }) => status === 'failed');

it(`the tests of ${TRAPS.length} traps pass as they are`, async () => {
  const results = await lab.intact(TRAPS);
  expect(failed(results)).toEqual([]);
  const ran = results.filter(({ status }) => status === 'passed');
  const missing = TRAPS.filter((trap) => {
    const pattern = new RegExp(namePattern(trap));
    return !ran.some(({ spec, name }) => spec === trap.spec && pattern.test(name));
  });
  expect(missing.map(({ id }) => id)).toEqual([]);
});

describe('without its defence', () => {
  it.each(TRAPS.map((trap) => [trap.id, trap] as const))('%s is seen', async (_, trap) => {
    const results = failed(await lab.without(trap));
    expect(results.length, `no test fails: ${trap.title}`).toBeGreaterThan(0);
    const reasons = results.flatMap(({ failures }) => failures.map((failure) => failure.split('\n')[0]));
    // Not by a fault of syntax, a deadline or a helper that gave up: by what the test is there to say.
    expect(
      reasons.some((reason) => reason !== undefined && ASSERTION.test(reason)),
      reasons.join('\n'),
    ).toBe(true);
  });
});
