import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dieAtStep, everyStep, RandomDeaths, sampleOf } from '../proof/kill/deaths.js';
import { MortalApp } from '../proof/kill/mortal-app.js';
import { OPERATIONS, someOf } from '../proof/kill/operations.js';
import { dieOfOneMail } from '../proof/kill/operations/letters.js';
import { postgresUrl, redisUrl } from '../support/services.js';
import { requireBuiltLibrary } from '../tokens/built-library.js';

/** Together they are all operations. */
const TURNS = 4;
const AT_ONCE = Math.ceil(Object.keys(OPERATIONS).length / TURNS);

let app: MortalApp | undefined;
beforeAll(async () => {
  requireBuiltLibrary();
  const mortal = new MortalApp(await postgresUrl(), await redisUrl());
  await mortal.start();
  app = mortal;
});
afterAll(() => app?.close());

// The application as it is built; `npm run proof -- kills` dies 1,000 times and more.
it('a process killed at a step leaves nothing by halves (after npm run build)', { timeout: 180_000 }, async () => {
  const operations = { ...someOf(OPERATIONS, 5, randomInt(100)) };
  const deaths = sampleOf(await everyStep(app!, operations), 5);
  for (const death of deaths) expect(await dieAtStep(app!, death)).toContain(death.name);
});

it('a process killed amid everything leaves nothing by halves', { timeout: 180_000 }, async () => {
  const random = new RandomDeaths();
  for (let turn = 0; turn < TURNS; turn += 1) await random.die(app!, someOf(OPERATIONS, AT_ONCE, turn));
  expect(random.answered + random.cut).toBe(TURNS * AT_ONCE);
});

it('a mail that ends its process each time is sent twice and given up', { timeout: 180_000 }, () => dieOfOneMail(app!));
