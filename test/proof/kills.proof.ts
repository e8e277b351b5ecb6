import { afterAll, beforeAll, expect, it } from 'vitest';
import { findPostgres, startPostgres, type PostgresProcess } from '../../tools/lib/postgres.mjs';
import { createDatabase } from '../../tools/lib/services.mjs';
import { redisUrl } from '../support/services.js';
import { dieAtStep, everyStep, RandomDeaths } from './kill/deaths.js';
import { MortalApp } from './kill/mortal-app.js';
import { OPERATIONS, someOf } from './kill/operations.js';
import { dieOfOneMail } from './kill/operations/letters.js';

const LEAST_KILLS = 1_000;
/** As many at least at random moments, beside one at every step. */
const LEAST_RANDOM = 250;
/** Requests that are under way at once when a process ends at a random moment. */
const AT_ONCE = 3;
/** Applications that die side by side, each with a database and a store of its own, so that no processor waits. */
const SIDE_BY_SIDE = 2;
/** Enough to see what is wrong. */
const MOST_FAILURES = 20;

let postgres: PostgresProcess;
const apps: MortalApp[] = [];
beforeAll(async () => {
  const binaries = findPostgres();
  if (binaries === undefined) throw new Error('PostgreSQL is missing: this proof starts a durable one of its own');
  postgres = await startPostgres(binaries, { durable: true });
  for (let index = 0; index < SIDE_BY_SIDE; index += 1) {
    const app = new MortalApp(await createDatabase(postgres.url, 'kills_'), await redisUrl());
    await app.start();
    apps.push(app);
  }
});
afterAll(async () => {
  for (const app of apps) await app.close();
  await postgres.stop();
});

it('the database is durable', async () => {
  for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    expect(await apps[0]!.query(`SHOW ${name}`)).toEqual([{ [name]: 'on' }]);
  }
});

it(
  `${LEAST_KILLS} kills and more, at every step and at random moments, lose nothing acknowledged and leave nothing by halves`,
  { timeout: 55 * 60_000 },
  async () => {
    const begun = Date.now();
    const labelled = await everyStep(apps[0]!, OPERATIONS);
    const steps = labelled.length;
    const kills = Math.max(LEAST_KILLS, steps + LEAST_RANDOM);
    const atRandom = kills - steps;
    const told = new Map<string, number>();
    const random = new RandomDeaths();
    const failures: string[] = [];
    let done = 0;
    const dieOnce = async (app: MortalApp, turn: number): Promise<string> => {
      // The random ones are spread evenly among the steps.
      const next = (turn * atRandom) % kills < atRandom ? undefined : labelled.shift();
      if (next !== undefined) return dieAtStep(app, next);
      await random.die(app, someOf(OPERATIONS, AT_ONCE, turn));
      return 'at a random moment';
    };
    const die = async (app: MortalApp): Promise<void> => {
      while (done < kills && failures.length < MOST_FAILURES) {
        const turn = (done += 1);
        const where = await dieOnce(app, turn).catch((error: unknown) => {
          failures.push(String(error));
          console.log(String(error));
          return 'FAILED';
        });
        told.set(where, (told.get(where) ?? 0) + 1);
        if (turn % 50 === 0) console.log(`${turn} kills in ${Math.round((Date.now() - begun) / 1_000)} s`);
      }
    };
    await Promise.all(apps.map(die));
    console.log([...told].map(([label, times]) => `${times} x ${label}`).join('\n'));
    console.log(
      `${kills} kills; ${steps} steps; at random moments ${random.answered} requests were answered and ${random.cut} were not`,
    );
    expect(failures).toEqual([]);
    expect(labelled).toHaveLength(0);
    expect([...told.values()].reduce((sum, times) => sum + times, 0)).toBe(kills);
  },
);

it('a mail that ends its process each time is sent twice and given up', { timeout: 10 * 60_000 }, async () => {
  for (let time = 0; time < 10; time += 1) await dieOfOneMail(apps[0]!);
});
