import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Jobs } from '../../lib/index.js';
import { newSecret } from '../keys/kit.js';
import { PASSWORD, startApp, type TestApp } from '../support/app.js';
import { gatehouse } from './gatehouse.js';

const MODULE = path.join(import.meta.dirname, 'small-app.module.mjs');
const EMAIL = 'ada@example.com';
const SECRET = newSecret();

let folder: string;
let app: TestApp;
let environment: Record<string, string>;

/** The application that runs beside the command line, on the same database. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-cli-'));
  const file = path.join(folder, 'app.sqlite');
  app = await startApp({ typeorm: { database: file }, auth: { secret: SECRET } });
  environment = { DATABASE_FILE: file, AUTH_SECRET: SECRET };
});
afterAll(async () => {
  await app?.close();
  await rm(folder, { recursive: true, force: true });
});

it('an administrator is made by the binary, is in, and no hook of the application runs', async () => {
  const weak = await gatehouse(['create-admin', MODULE, '--email', EMAIL], {
    ...environment,
    GATEHOUSE_ADMIN_PASSWORD: 'password',
  });
  expect(weak.code).toBe(3);
  expect(weak.output).toMatch(/The password is refused:(\n {2}- .+){2,}/);

  const made = await gatehouse(['create-admin', MODULE, '--email', EMAIL], {
    ...environment,
    GATEHOUSE_ADMIN_PASSWORD: PASSWORD,
  });
  expect(made).toMatchObject({ code: 0, stdout: 'The administrator was created.\n' });
  expect((await app.client().signIn(EMAIL)).body.user.roles).toEqual(['admin']);
  for (const { output } of [weak, made]) {
    expect(output).not.toContain('HOOK');
    expect(output).not.toContain(PASSWORD);
    expect(output).not.toContain(SECRET);
  }
}, 120_000);

it('jobs are run and accounts unlocked, each with its exit code', async () => {
  const run = await gatehouse(['jobs', 'run', MODULE, 'clean-up'], environment);
  const noJob = await gatehouse(['jobs', 'run', MODULE, 'tidy'], environment);
  const unlocked = await gatehouse(['unlock', MODULE, '--email', EMAIL.toUpperCase()], environment);
  expect(run).toMatchObject({ code: 0, stdout: 'clean-up: 0\n' });
  expect(noJob).toMatchObject({ code: 2, stdout: '' });
  for (const name of app.get(Jobs).names) expect(noJob.output).toContain(name);
  expect(unlocked).toMatchObject({ code: 0 });
  expect(unlocked.output).toContain('in the memory of each process');
  for (const { output } of [run, noJob, unlocked]) expect(output).not.toContain('HOOK');
}, 120_000);
