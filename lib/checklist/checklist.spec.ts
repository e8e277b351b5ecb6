import { afterEach, describe, expect, it, vi } from 'vitest';
import { SystemClock } from '../common/clock.js';
import { resolveSettings } from '../options/resolve-options.js';
import { CheckSource, passed, type Check, type CheckOutcome } from './check.js';
import { Checklist, CHECKLIST_DEADLINE_MS } from './checklist.js';
import { lineOf } from './report.js';

const FINDING: CheckOutcome = { status: 'finding', evidence: { instances: 2 }, change: 'Set instances to 1.' };

function check(id: string, run: Check['run'], severity: Check['severity'] = 'refuse'): Check {
  return { id, title: 'It is well', area: 'store', severity, source: 'ASVS 5.0 V6.3.1', run };
}

function checklist(checks: readonly Check[], accept: Record<string, string> = {}): Checklist {
  class Source extends CheckSource {
    override checks = () => checks;
  }
  const values = { secret: 's', baseUrl: 'https://api.example.com', checklist: { accept } };
  return new Checklist(resolveSettings(values, { NODE_ENV: 'production' }), [new Source()], new SystemClock());
}

afterEach(() => void vi.useRealTimers());

describe('outcomes', () => {
  it('are passed, finding, accepted and unchecked, and counted', async () => {
    const report = await checklist(
      [
        check('a.passed', () => passed),
        check('a.refuse', async () => FINDING),
        check('a.warn', () => FINDING, 'warn'),
        check('a.note', () => FINDING, 'note'),
        check('a.accepted', () => FINDING),
        check('a.unchecked', () => ({ status: 'unchecked', reason: 'it does not say' })),
      ],
      { 'a.accepted': 'one instance is enough' },
    ).report();
    expect(report).toMatchObject({ environment: 'production', checkedAt: expect.any(Date) });
    expect(report.entries.map(({ outcome }) => outcome)).toEqual([
      'passed',
      'finding',
      'finding',
      'finding',
      'accepted',
      'unchecked',
    ]);
    expect(report.counts).toEqual({ passed: 1, refuse: 1, warn: 2, note: 1, accepted: 1, unchecked: 1 });
    expect(report.entries.map(lineOf)).toEqual([
      'a.passed: It is well: yes.',
      'a.refuse: It is well: no (instances 2). Set instances to 1. [ASVS 5.0 V6.3.1]',
      'a.warn: It is well: no (instances 2). Set instances to 1. [ASVS 5.0 V6.3.1]',
      'a.note: It is well: no (instances 2). Set instances to 1. [ASVS 5.0 V6.3.1]',
      'a.accepted: It is well: no (instances 2). Accepted: one instance is enough',
      'a.unchecked: It is well: could not be checked (it does not say).',
    ]);
  });

  it('a check that throws could not be checked, and its message is not shown', async () => {
    const failing = Object.assign(new Error('connect redis://:marker@host'), { code: 'ECONNREFUSED' });
    const { entries, counts } = await checklist([
      check('a.throws', () => {
        throw failing;
      }),
      check('a.rejects', () => Promise.reject(new TypeError('marker'))),
      check('a.odd', () => Promise.reject(Object.assign(new Error('marker'), { name: 'a marker' }))),
    ]).report();
    expect(entries.map((entry) => entry.outcome === 'unchecked' && entry.reason)).toEqual([
      'the check failed: ECONNREFUSED',
      'the check failed: TypeError',
      'the check failed: unnamed',
    ]);
    expect(counts).toMatchObject({ passed: 0, warn: 3, unchecked: 3, refuse: 0 });
  });

  it('checks that hang share one deadline', async () => {
    vi.useFakeTimers();
    const hang = () => new Promise<CheckOutcome>(() => undefined);
    const report = checklist([check('a.one', hang), check('a.two', hang), check('a.good', () => passed)]).report();
    await vi.advanceTimersByTimeAsync(CHECKLIST_DEADLINE_MS);
    expect((await report).entries.map(({ outcome }) => outcome)).toEqual(['unchecked', 'unchecked', 'passed']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a reason is printed on one line', async () => {
    const { entries } = await checklist([check('a.b', () => FINDING)], { 'a.b': 'one\r\n\u001b[31mtwo' }).report();
    expect(entries.map(lineOf)).toEqual(['a.b: It is well: no (instances 2). Accepted: one [31mtwo']);
  });
});

describe('the last report', () => {
  it('is kept, and runs at once are one', async () => {
    const run = vi.fn(() => passed);
    const list = checklist([check('a.b', run)]);
    expect(list.last()).toBeUndefined();
    const [first, second] = await Promise.all([list.report(), list.report()]);
    expect(first).toBe(second);
    expect(list.last()).toBe(first);
    expect(run).toHaveBeenCalledTimes(1);
    await list.report();
    expect(run).toHaveBeenCalledTimes(2);
  });
});

describe('problems of the checklist itself', () => {
  it('are acceptances of checks that do not exist and ids that occur twice', () => {
    const checks = [check('a.b', () => passed), check('a.b', () => passed), check('a.c', () => passed)];
    expect(checklist(checks, { 'a.c': 'known', 'a.typo': 'reason' }).problems()).toEqual([
      "checklist.accept['a.typo']: there is no check of this id. Remove it or correct it.",
      'two checks have the id a.b.',
    ]);
  });
});
