import { expect, it } from 'vitest';
import { SystemClock, type Clock } from '../common/clock.js';
import type { AuthValues } from '../options/auth-options.js';
import { resolveSettings } from '../options/resolve-options.js';
import { TestClock } from '../testing/test-clock.js';
import { SettingsChecks } from './settings.checks.js';

interface Case {
  readonly id: string;
  readonly severity: string;
  readonly bad: Partial<AuthValues>;
  readonly good: Partial<AuthValues>;
  readonly evidence: object;
  readonly key: string;
}

function checks(values: Partial<AuthValues>, testing = false, clock: Clock = new SystemClock()) {
  const all: AuthValues = { secret: 's', baseUrl: 'https://api.example.com', ...values };
  return new SettingsChecks(resolveSettings(all, { NODE_ENV: 'production' }, { testing }), clock).checks();
}

function check(id: string, values: Partial<AuthValues>, testing?: boolean) {
  return checks(values, testing).find((candidate) => candidate.id === id)!;
}

const CASES: readonly Case[] = [
  {
    id: 'network.base-url',
    severity: 'refuse',
    bad: { baseUrl: 'http://localhost:3000/path' },
    good: { baseUrl: 'https://api.example.com' },
    evidence: { host: 'localhost:3000', scheme: 'http:' },
    key: 'baseUrl',
  },
  {
    id: 'cookies.same-site',
    severity: 'warn',
    bad: { cookies: { sameSite: 'none' } },
    good: { cookies: { sameSite: 'strict' } },
    evidence: { sameSite: 'none' },
    key: 'cookies.sameSite',
  },
  {
    id: 'cookies.domain',
    severity: 'warn',
    bad: { cookies: { domain: 'example.com' } },
    good: {},
    evidence: { domain: 'example.com' },
    key: 'cookies.domain',
  },
  {
    id: 'accounts.email-enumeration',
    severity: 'note',
    bad: { emailVerification: 'optional' },
    good: { emailVerification: 'required' },
    evidence: { emailVerification: 'optional' },
    key: 'emailVerification',
  },
];

it.each(CASES)('$id fires on the bad configuration', ({ id, severity, bad, evidence, key }) => {
  expect(check(id, bad)).toMatchObject({ severity });
  expect(check(id, bad).run()).toEqual({ status: 'finding', evidence, change: expect.stringContaining(key) });
});

it.each(CASES)('$id is quiet on the good one', ({ id, good }) => {
  expect(check(id, good).run()).toEqual({ status: 'passed' });
});

it('testing.mode fires on the testing kit, and on a clock that is not the system’s', () => {
  expect(check('testing.mode', {}, true)).toMatchObject({ severity: 'refuse' });
  expect(check('testing.mode', {}, true).run()).toMatchObject({ status: 'finding', evidence: { testing: true } });
  expect(check('testing.mode', {}).run()).toEqual({ status: 'passed' });
  const still = checks({}, false, new TestClock()).find(({ id }) => id === 'testing.mode')!;
  expect(still.run()).toMatchObject({ status: 'finding', evidence: { testing: false, systemClock: false } });
});

it('every check is tested here', () => {
  const tested = [...CASES.map(({ id }) => id), 'testing.mode'];
  expect(checks({}).map(({ id }) => id)).toEqual(tested);
});
