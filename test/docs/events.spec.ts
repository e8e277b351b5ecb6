import { expect, it } from 'vitest';
import { AUTH_EVENTS, AuthMetrics, Jobs, type AuthCounter, type AuthTimer } from '../../lib/index.js';
import type { Job } from '../../lib/jobs/job.js';
import { JOBS } from '../../lib/jobs/tokens.js';
import { startApp } from '../support/app.js';
import { page, rowsUnder } from './pages.js';

const COUNTERS = {
  auth_events: true,
  auth_refusals: true,
  auth_access_refusals: true,
  auth_address_refusals: true,
  auth_csrf_failures: true,
  auth_foreign_challenges: true,
  auth_api_key_refusals: true,
} as const satisfies Record<AuthCounter, true>;
const TIMERS = { auth_password_hash: true, auth_sign_in: true, auth_mail_delivery: true } as const satisfies Record<
  AuthTimer,
  true
>;

it('docs/events.md lists every event as the code explains it, and no other', () => {
  const rows = rowsUnder(page('docs/events.md'), 'type').map(([type, meaning]) => [type, meaning]);
  expect(rows).toEqual(Object.entries(AUTH_EVENTS));
});

it('docs/events.md lists every metric', () => {
  const rows = rowsUnder(page('docs/events.md'), 'name');
  expect(rows.map(([name, kind]) => [name, kind])).toEqual([
    ...Object.keys(COUNTERS).map((name) => [name, 'counter']),
    ...Object.keys(TIMERS).map((name) => [name, 'timer, ms']),
  ]);
  expect(new AuthMetrics().count('auth_events', {})).toBeUndefined();
});

it('docs/jobs.md lists every job with its time, and no other', async () => {
  const app = await startApp({ auth: { jobs: 'manual' } });
  try {
    const rows = rowsUnder(page('docs/jobs.md'), 'job').map(([name, every]) => [name, every]);
    const jobs = app.app.get<readonly Job[]>(JOBS, { strict: false });
    const spelled = (ms: number): string => (ms < 60_000 ? `${ms / 1_000} s` : `${ms / 60_000} min`);
    expect(rows).toEqual(jobs.map(({ name, everyMs }) => [name, spelled(everyMs)]));
    expect(app.get(Jobs).names).toEqual(jobs.map(({ name }) => name));
  } finally {
    await app.close();
  }
});
