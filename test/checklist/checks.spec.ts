import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Examination } from '../../lib/cli/doctor/examination.js';
import { ROOT } from '../docs/pages.js';
import { CASES, type BadHost } from './cases.js';
import { carelessHost, deadHost, ends, goodHost, remoteHost, worstHost } from './hosts.js';
import { doctor } from './kit.js';

/** What no check can say of an application that is not started. */
const UNKNOWN_YET = ['network.harden'];

let good: Examination;
const bad = {} as Record<BadHost, Examination>;

beforeAll(async () => {
  const host = await goodHost();
  good = await doctor(host);
  bad.worst = await doctor(await worstHost());
  bad.remote = await doctor(await remoteHost());
  bad.careless = await doctor(carelessHost(host));
  bad.dead = await doctor(await deadHost());
}, 240_000);
afterAll(() => Promise.all(ends.map((end) => end())));

function outcomes({ report }: Examination): ReadonlyMap<string, string> {
  return new Map(report?.entries.map(({ id, outcome }) => [id, outcome]));
}

it('every check has a bad configuration and a good one, and there is no case without a check', () => {
  expect([...outcomes(good).keys()].sort()).toEqual(Object.keys(CASES).sort());
});

describe('the doctor', () => {
  it.each(Object.entries(CASES).filter(([, how]) => typeof how === 'string'))('tells %s, of %s', (id, how) => {
    // A mail server that is down is what could not be checked: mail waits for it.
    const told = id === 'mail.reachable' ? 'unchecked' : 'finding';
    expect(outcomes(bad[how as BadHost]).get(id)).toBe(told);
    expect(outcomes(good).get(id)).toBe('passed');
  });

  it('finds a good application fit', () => {
    expect(good).toMatchObject({ fit: true, problems: [] });
    const loud = good.report!.entries.filter(({ outcome }) => outcome !== 'passed').map(({ id }) => id);
    expect(loud).toEqual(UNKNOWN_YET);
  });

  it('tells all that is wrong with the worst application in one run', () => {
    expect(bad.worst.problems).toEqual([]);
    const expected = Object.entries(CASES).filter(([, how]) => how === 'worst');
    const found = bad.worst.report!.entries.filter(({ outcome }) => outcome === 'finding').map(({ id }) => id);
    expect(bad.worst.fit).toBe(false);
    expect(found.length).toBeGreaterThanOrEqual(expected.length);
    for (const entry of bad.worst.report!.entries) {
      if (entry.outcome === 'finding') expect(entry.change, entry.id).toMatch(/\S{3}/);
    }
  });

  it('goes on where neither database nor Redis answers', () => {
    expect(bad.dead.fit).toBe(false);
    expect(outcomes(bad.dead).get('keys.strength')).toBe('passed');
    expect(outcomes(bad.dead).get('network.trusted-proxy-hops')).toBe('finding');
  });
});

it.each(Object.entries(CASES).flatMap(([id, how]) => (typeof how === 'string' ? [] : [[id, how.spec] as const])))(
  '%s, which shows while running, is proven by %s',
  (id, spec) => {
    expect(readFileSync(path.join(ROOT, spec), 'utf8')).toContain(id);
  },
);
