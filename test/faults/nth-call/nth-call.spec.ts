import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { calmRun, faultAt } from './every-call.js';
import { OPERATIONS } from './operations.js';
import { FAULTS } from './run.js';
import { Stand } from './stand.js';

/** Operations at once: each meets its own fault. */
const LANES = 4;

let stand: Stand | undefined;
beforeAll(async () => {
  stand = await Stand.start({ database: 'postgres', store: 'redis' }, { databaseMs: 800, storeMs: 100 });
});
afterAll(() => stand?.close());

// Each fault at one call of each operation, others at each run; `npm run proof -- nth-call` takes every call.
it(
  'a call of the database or the store that fails, hangs or is cut: nothing acknowledged is lost, nobody gets in',
  {
    timeout: 120_000,
  },
  async () => {
    const waiting = Object.entries(OPERATIONS);
    let hits = 0;
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [name, begin] = next;
        try {
          const { calls, faults } = await calmRun(stand!, begin);
          for (const fault of faults) {
            const [run] = await faultAt(stand!, begin, fault, [randomInt(1, calls.length + 1)]);
            if (run!.hit !== undefined) hits += 1;
          }
        } catch (error) {
          throw new Error(`${name} ${(error as Error).message}`, { cause: error });
        }
      }
    };
    await Promise.all(Array.from({ length: LANES }, work));
    expect(hits).toBeGreaterThan(Object.keys(OPERATIONS).length * (FAULTS.length - 1));
  },
);

it('a wrong password is counted and recorded once, whatever its count meets', { timeout: 60_000 }, async () => {
  const begin = OPERATIONS['wrong password']!;
  const { calls } = await calmRun(stand!, begin);
  const afterTheAnswer = calls.map((_, index) => index + 1).slice(calls.indexOf('START'));
  await faultAt(stand!, begin, 'is lost before its effect', afterTheAnswer);
  await faultAt(stand!, begin, 'is cut after its effect', afterTheAnswer);
});
