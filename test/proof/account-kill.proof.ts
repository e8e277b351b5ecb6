import { afterAll, beforeAll, expect, it } from 'vitest';
import { findPostgres, startPostgres, type PostgresProcess } from '../../tools/lib/postgres.mjs';
import { createDatabase } from '../../tools/lib/services.mjs';
import { redisUrl } from '../support/services.js';
import { dieAmid, MortalMailApp } from './account-kill.js';
import { dieOfOneMail, FLOWS } from './account-kill-flows.js';

const KILLS = 300;

let postgres: PostgresProcess;
let app: MortalMailApp;
beforeAll(async () => {
  const binaries = findPostgres();
  if (binaries === undefined) throw new Error('PostgreSQL is missing: this proof starts a durable one of its own');
  postgres = await startPostgres(binaries, { durable: true });
  app = new MortalMailApp(await createDatabase(postgres.url, 'account_kill_'), await redisUrl());
  await app.start();
});
afterAll(async () => {
  await app.close();
  await postgres.stop();
});

it.each(Object.entries(FLOWS))(
  `${KILLS} kills amid a flow of %s lose nothing that was acknowledged and leave nothing by halves`,
  { timeout: 30 * 60_000 },
  async (flow, requests) => {
    const told = await dieAmid(app, requests, KILLS);
    console.log([...told].map(([label, times]) => `${flow}: ${times} x ${label}`).join('\n'));
    expect([...told.values()].reduce((sum, times) => sum + times, 0)).toBe(KILLS);
  },
);

it('a mail that ends its process each time is sent twice and given up', { timeout: 10 * 60_000 }, async () => {
  for (let time = 0; time < 20; time += 1) await dieOfOneMail(app);
});
