import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { Checklist, Jobs } from '../../lib/index.js';
import type { Job, JobRun } from '../../lib/jobs/job.js';
import { JobRow } from '../../lib/jobs/job-row.entity.js';
import { JOBS } from '../../lib/jobs/tokens.js';
import { TestClock } from '../../lib/testing/index.js';
import { Lines } from '../events/kit.js';
import { DATABASES, startApp, type AppSetup, type TestApp } from '../support/app.js';

const MINUTE_MS = 60_000;

/** A job that a test holds and lets go. */
class HeldJob implements Job {
  readonly name = 'held';
  readonly alone = true;
  begun = 0;
  ended = 0;
  signal: AbortSignal | undefined;
  release!: (done: number) => void;
  private readonly gate = new Promise<number>((resolve) => (this.release = resolve));

  constructor(readonly everyMs = MINUTE_MS) {}

  async run({ signal }: JobRun): Promise<number> {
    this.begun += 1;
    this.signal = signal;
    const done = await this.gate;
    this.ended += 1;
    return done;
  }
}

let apps: TestApp[] = [];
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()));
  apps = [];
});

async function start(jobs: readonly Job[], setup: AppSetup = {}): Promise<TestApp> {
  const app = await startApp({
    ...setup,
    auth: { jobs: 'manual', overrides: [{ provide: JOBS, useValue: jobs }], ...setup.auth },
  });
  apps.push(app);
  return app;
}

const rowOf = (app: TestApp, name = 'held') => app.dataSource.getRepository(JobRow).findOneBy({ name });

it.each(DATABASES)('of thirty calls on two instances one runs the job (%s)', async (database) => {
  const job = new HeldJob();
  const clock = new TestClock();
  const first = await start([job], { database, clock });
  // SQLite in memory is of one process, and so of one instance.
  const second =
    first.databaseUrl === undefined
      ? first
      : await start([job], { databaseUrl: first.databaseUrl, clock, typeorm: { synchronize: false } });
  const calls = Array.from({ length: 30 }, (_, index) => [first, second][index % 2]!.get(Jobs).run('held'));
  const settled = new Set<number>();
  calls.forEach((call, index) => void call.then(() => settled.add(index)));
  // All of one instance join its run; those of the other are told that somebody is at it.
  while (job.begun === 0 || (second !== first && settled.size < 15)) await delay(5);
  expect(job.begun).toBe(1);
  expect((await rowOf(first))?.claimedUntil).toBeGreaterThan(clock.now());
  job.release(7);
  const done = await Promise.all(calls);
  expect(job.begun).toBe(1);
  expect(new Set(done).size).toBeLessThanOrEqual(2);
  expect(done).toContain(7);
  expect(await rowOf(first)).toMatchObject({
    claimedBy: null,
    claimedUntil: null,
    lastDone: 7,
    lastRunAt: clock.now(),
  });
});

it('a claim of a process that is gone lapses', async () => {
  const job = new HeldJob();
  const clock = new TestClock();
  const app = await start([job], { clock });
  const gone = { name: 'held', claimedBy: 'somebody else', claimedUntil: clock.now() + 5 * MINUTE_MS };
  await app.dataSource.getRepository(JobRow).insert({ ...gone, lastRunAt: null, lastDone: null });
  expect(await app.get(Jobs).run('held')).toBe(0);
  clock.advance(5 * MINUTE_MS + 1);
  job.release(1);
  expect(await app.get(Jobs).run('held')).toBe(1);
});

it('timers run a job once in its time, whatever their number', async () => {
  const clock = new TestClock();
  const job = new HeldJob(20);
  job.release(1);
  const app = await start([job], { clock, database: 'postgres', auth: { jobs: 'timers' } });
  await start([job], {
    databaseUrl: app.databaseUrl!,
    clock,
    auth: { jobs: 'timers' },
    typeorm: { synchronize: false },
  });
  while (job.begun === 0) await delay(5);
  await delay(200);
  expect(job.begun).toBe(1);
  clock.advance(20);
  while (job.begun === 1) await delay(5);
  await delay(100);
  expect(job.begun).toBe(2);
});

it('a job that fails is logged once a minute, comes again, and is released', async () => {
  const clock = new TestClock();
  const lines = new Lines();
  let runs = 0;
  const job: Job = {
    name: 'broken',
    everyMs: 10,
    alone: true,
    run: () => {
      runs += 1;
      return Promise.reject(new Error('of the\ndatabase'));
    },
  };
  const other: Job = { ...job, name: 'another', alone: false };
  const app = await start([job, other], { clock, logger: lines, auth: { jobs: 'timers' } });
  while (runs < 10) await delay(5);
  expect(lines.with('failed and is tried again later: of the database')).toHaveLength(1);
  clock.advance(MINUTE_MS);
  const seen = runs;
  while (runs < seen + 4) await delay(5);
  expect(lines.with('failed and is tried again later')).toHaveLength(2);
  expect((await rowOf(app, 'broken'))?.lastRunAt).toBeNull();
  await expect(app.get(Jobs).run('another')).rejects.toThrow('of the');
});

it('a shut-down waits for the run that is under way, tells it to stop, and begins no other', async () => {
  const job = new HeldJob();
  const app = await start([job]);
  const jobs = app.get(Jobs);
  const run = jobs.run('held');
  while (job.begun === 0) await delay(5);
  let closed = false;
  const closing = app.close().then(() => (closed = true));
  while (job.signal?.aborted !== true) await delay(5);
  await delay(30);
  expect(closed).toBe(false);
  job.release(3);
  await closing;
  expect(job.ended).toBe(1);
  await run.catch(() => undefined);
  expect(await jobs.run('held')).toBe(0);
  apps = [];
});

it('names its jobs, and refuses others', async () => {
  const app = await startApp({ auth: { jobs: 'manual' } });
  apps.push(app);
  expect(app.get(Jobs).names).toEqual(expect.arrayContaining(['outbox', 'clean-up', 'audit-retention']));
  expect(() => app.get(Jobs).run('cleanup')).toThrow('There is no job "cleanup".');
});

it('audit.retention fires where nobody runs the job, and is quiet where somebody does', async () => {
  const clock = new TestClock();
  const app = await startApp({ clock, auth: { jobs: 'manual' } });
  const timers = await startApp({ clock, auth: { jobs: 'timers' } });
  apps.push(app, timers);
  const status = async (on: TestApp): Promise<string | undefined> =>
    (await on.get(Checklist).report()).entries.find(({ id }) => id === 'audit.retention')?.outcome;
  expect(await status(timers)).toBe('passed');
  expect(await status(app)).toBe('finding');
  await app.get(Jobs).run('audit-retention');
  expect(await status(app)).toBe('passed');
  clock.advance(48 * 60 * MINUTE_MS + 1);
  expect(await status(app)).toBe('finding');
  expect(await status(timers)).toBe('passed');
});
