import { afterEach, describe, expect, it } from 'vitest';
import { explained, EXPLAINED } from '../properties/commands.js';
import { startStand, type Stand } from '../properties/stand.js';
import { MARIADB_STACK, STACKS } from '../support/app.js';

const LONG = { runs: 100, commands: 40, seed: Date.now() & 0x7fffffff };

let stand: Stand | undefined;
afterEach(async () => {
  await stand?.close();
  stand = undefined;
});

describe.each([...STACKS, MARIADB_STACK])('thousands of requests on $database and $store', (stack) => {
  it(`are answered as the reference does (seed ${LONG.seed})`, async () => {
    stand = await startStand({ stack, instances: stack.store === 'redis' ? 2 : 1 });
    expect(await explained(stand, LONG)).toBe(EXPLAINED);
  });
});
