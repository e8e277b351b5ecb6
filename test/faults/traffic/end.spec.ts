import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import { startScript, type Running } from '../../production/processes.js';
import { ADAPTERS, SECRET } from '../../support/app.js';
import { Client } from '../../support/client.js';
import { postgresUrl, redisUrl } from '../../support/services.js';
import { requireBuiltLibrary } from '../../tokens/built-library.js';

/** Sign-ins whose hashes take turns, so that most have hardly begun when the signal comes. One address may have 20 at once. */
const IN_FLIGHT = 16;
const PEOPLE = Array.from({ length: IN_FLIGHT }, (_, index) => `person${index}@example.com`);

let running: Running | undefined;
afterEach(async () => {
  running?.kill('SIGKILL');
  await running?.ended;
});

describe.each(ADAPTERS)('SIGTERM amid sign-ins on %s (after npm run build)', (adapter) => {
  it('lets them all finish, takes no new connection, and ends with 0', { timeout: 60_000 }, async () => {
    requireBuiltLibrary();
    const databaseUrl = await postgresUrl();
    running = startScript(join(import.meta.dirname, 'ending-app.mjs'), {
      ADAPTER: adapter,
      DATABASE_URL: databaseUrl,
      REDIS_URL: await redisUrl(),
      AUTH_SECRET: SECRET,
    });
    const [, url = ''] = await running.says(/READY (\S+)/);
    for (const email of PEOPLE) expect((await new Client(url).register(email)).status).toBe(202);
    const signIns = PEOPLE.map((email) => new Client(url).signIn(email));
    await running.says(new RegExp(`ARRIVED ${2 * IN_FLIGHT}\n`));
    running.kill('SIGTERM');
    const refused = untilRefused(url);
    const answers = await Promise.all(signIns);
    expect(answers.map(({ status, body }) => [status, body?.status])).toEqual(
      new Array(IN_FLIGHT).fill([200, 'signed_in']),
    );
    await refused;
    expect(await running.ended, running.output()).toBe(0);
    expect(running.output()).not.toContain('ERROR');

    const database = await new DataSource({ type: 'postgres', url: databaseUrl }).initialize();
    const left = await database.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'ending'",
    );
    const made = await database.query('SELECT count(*)::int AS n FROM auth_sessions');
    await database.destroy();
    expect([left, made]).toEqual([[{ n: 0 }], [{ n: IN_FLIGHT }]]);
  });
});

async function untilRefused(url: string): Promise<void> {
  const headers = { connection: 'close' };
  const isOpen = (): Promise<boolean> =>
    fetch(`${url}/auth/session`, { headers }).then(
      () => true,
      () => false,
    );
  for (const begun = performance.now(); await isOpen();) expect(performance.now() - begun).toBeLessThan(10_000);
}
