import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import { PasswordRecord } from '../../lib/sign-in/password-record.service.js';
import { MARIADB_STACK, STACKS, startApp, type AppSetup, type TestApp } from '../support/app.js';
import { mariadbUrl, postgresUrl } from '../support/services.js';

/** All three databases, on both adapters. */
export const PLACES = [
  { ...STACKS[0]!, adapter: 'express' },
  { ...STACKS[1]!, adapter: 'fastify' },
  { ...MARIADB_STACK, adapter: 'express' },
] as const;

type Place = Pick<AppSetup, 'databaseUrl' | 'typeorm'>;

const running: TestApp[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A database that outlives the application on it. */
export async function newPlace(database: string): Promise<Place> {
  if (database === 'postgres') return { databaseUrl: await postgresUrl() };
  if (database === 'mariadb') return { databaseUrl: await mariadbUrl() };
  const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-passwords-'));
  folders.push(folder);
  return { typeorm: { type: 'better-sqlite3', database: path.join(folder, 'host.sqlite') } };
}

/** An application with the real hasher at its cheapest, closed after the test. */
export async function start({ auth, ...setup }: AppSetup): Promise<TestApp> {
  const passwords = { cost: 4, ...auth?.passwords };
  const app = await startApp({
    hasher: 'real',
    ...setup,
    auth: { rateLimits: { multiplier: 100 }, ...auth, passwords },
  });
  running.push(app);
  return app;
}

/** Waits for what password checks leave behind: it is written after their answers. */
export function settled(app: TestApp): Promise<void> {
  return app.get(PasswordRecord).beforeApplicationShutdown();
}

export async function storedHash(app: TestApp): Promise<string> {
  const [row] = await app.dataSource.query<{ password_hash: string }[]>('SELECT password_hash FROM users');
  return row!.password_hash;
}

export async function storeHash(app: TestApp, hash: string): Promise<void> {
  await app.dataSource.query(`UPDATE users SET password_hash = '${hash}'`);
}
