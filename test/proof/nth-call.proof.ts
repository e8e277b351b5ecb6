import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { calmRun, faultAtEveryCall } from '../faults/nth-call/every-call.js';
import { OPERATIONS } from '../faults/nth-call/operations.js';
import { Stand } from '../faults/nth-call/stand.js';
import { STACKS } from '../support/app.js';

const DEADLINES = { databaseMs: 800, storeMs: 100 };

describe.each(STACKS)('the n-th call on $database and $store', (stack) => {
  const table: string[] = [];
  let stand: Stand;
  beforeEach(async () => {
    stand = await Stand.start(stack, DEADLINES);
  });
  afterEach(() => stand.close());
  afterAll(() => {
    const title = `${stack.database} and ${stack.store}: operation, its calls, runs with each fault and with the account disabled`;
    console.log([title, ...table].join('\n'));
  });

  it.each(Object.entries(OPERATIONS))('%s', { timeout: 15 * 60_000 }, async (name, begin) => {
    const { calls, faults } = await calmRun(stand, begin);
    const { length } = calls;
    const runs: number[] = [];
    for (const fault of faults) runs.push(await faultAtEveryCall(stand, begin, fault, length));
    table.push(`${name.padEnd(30)} ${String(length).padStart(3)} calls, ${runs.join(' + ')} runs`);
    // Each call met each fault, and one run met none.
    for (const count of runs) expect(count).toBeGreaterThan(length / 2);
  });
});
