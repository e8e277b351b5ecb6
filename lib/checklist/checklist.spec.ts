import { afterEach, describe, expect, it, vi } from 'vitest';
import { SystemClock, type Clock } from '../common/clock.js';
import { TestClock } from '../testing/test-clock.js';
import { resolveSettings } from '../options/resolve-options.js';
import { CheckSource, passed, type Check, type CheckOutcome } from './check.js';
import { Checklist, CHECKLIST_DEADLINE_MS } from './checklist.js';
import { lineOf } from './report.js';

const FINDING: CheckOutcome = { status: 'finding', evidence: { instances: 2 }, change: 'Set instances to 1.' };

function check(id: string, run: Check['run'], severity: Check['severity'] = 'refuse'): Check {
  return { id, title: 'It is well', area: 'store', severity, source: 'ASVS 5.0 V6.3.1', run };
}

function checklist(
  checks: readonly Check[],
  accept: Record<string, string> = {},
  clock: Clock = new SystemClock(),
): Checklist {
  class Source extends CheckSource {
    override checks = () => checks;
  }
  const values = { secret: 's', baseUrl: 'https://api.example.com', checklist: { accept } };
  return new Checklist(resolveSettings(values, { NODE_ENV: 'production' }), [new Source()], clock);
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

describe('what proves by doing', () => {
  const MINUTE_MS = 60_000;

  function counted(work: Check['work'], outcome: CheckOutcome = FINDING) {
    const clock = new TestClock();
    const seen = { runs: 0 };
    const run = () => {
      seen.runs += 1;
      return outcome;
    };
    const { work: _none, ...plain } = check('a.check', run);
    const subject = checklist([work === undefined ? plain : { ...plain, work }], {}, clock);
    return { clock, seen, subject };
  }

  it('runs at most every ten minutes, however often the checklist does', async () => {
    const { clock, seen, subject } = counted('acts');
    for (let turn = 0; turn < 5; turn++) {
      const { entries } = await subject.report();
      expect(entries[0]?.outcome).toBe('finding');
      clock.advance(2 * MINUTE_MS - 1);
    }
    expect(seen.runs).toBe(1);
    clock.advance(MINUTE_MS);
    await subject.report();
    expect(seen.runs).toBe(2);
  });

  it('is tried again at once where it could not be done', async () => {
    const { seen, subject } = counted('acts', { status: 'unchecked', reason: 'busy' });
    await subject.report();
    await subject.report();
    expect(seen.runs).toBe(2);
  });

  it.each(['asks', 'acts'] as const)('is left out where options alone are judged, as is what %s', async (work) => {
    const { seen, subject } = counted(work);
    expect((await subject.judgeOptions()).entries).toEqual([]);
    expect(seen.runs).toBe(0);
    expect(subject.last()).toBeUndefined();
  });

  it('other checks run every time, and with options alone', async () => {
    const { seen, subject } = counted(undefined);
    await subject.report();
    await subject.report();
    await subject.judgeOptions();
    expect(seen.runs).toBe(3);
  });
});
