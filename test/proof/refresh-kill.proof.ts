import { afterAll, beforeAll, expect, it } from 'vitest';
import { findPostgres, startPostgres, type PostgresProcess } from '../../tools/lib/postgres.mjs';
import { createDatabase } from '../../tools/lib/services.mjs';
import { redisUrl } from '../support/services.js';
import { MortalApp } from './refresh-kill.js';

const KILLS = 300;

let postgres: PostgresProcess;
let app: MortalApp;
beforeAll(async () => {
  const binaries = findPostgres();
  if (binaries === undefined) throw new Error('PostgreSQL is missing: this proof starts a durable one of its own');
  postgres = await startPostgres(binaries, { durable: true });
  app = new MortalApp(await createDatabase(postgres.url, 'refresh_kill_'), await redisUrl());
  await app.start();
});
afterAll(async () => {
  await app.close();
  await postgres.stop();
});

it(`${KILLS} kills amid a refresh sign nobody out and leave one generation`, { timeout: 55 * 60_000 }, async () => {
  const told = await app.die(KILLS);
  console.log([...told].map(([label, times]) => `${times} x ${label}`).join('\n'));
  expect([...told.values()].reduce((sum, times) => sum + times, 0)).toBe(KILLS);
});
