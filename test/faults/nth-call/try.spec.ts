import { afterAll, beforeAll, it } from 'vitest';
import { OPERATIONS } from './operations.js';
import { callsOf, faultAtEveryCall } from './every-call.js';
import { FAULTS } from './run.js';
import { Stand } from './stand.js';
let stand: Stand;
const sqlite = process.env['T_SQLITE'] === '1';
beforeAll(async () => {
  stand = await Stand.start(
    sqlite ? { database: 'sqlite', store: 'memory' } : { database: 'postgres', store: 'redis' },
    { databaseMs: 400, storeMs: 100 },
  );
});
afterAll(() => stand.close());
const only = process.env['T_ONLY'];
for (const [name, begin] of Object.entries(OPERATIONS)) {
  if (only && !name.includes(only)) continue;
  it(`${name}: calm`, async () => {
    const t = performance.now();
    const calls = await callsOf(stand, begin);
    console.log(name, calls.length, Math.round(performance.now() - t), 'ms', calls.join(', '));
  });
  for (const fault of [...FAULTS, 'waits'] as const) {
    if (process.env['T_FAULT'] && !fault.includes(process.env['T_FAULT'])) continue;
    if (process.env['T_FAULT'] === undefined) continue;
    it(`${name}: ${fault}`, { timeout: 300_000 }, async (context) => {
      const run = await begin(stand, stand.newRun());
      if (fault === 'waits' && run.signsIn === undefined) return context.skip();
      const t = performance.now();
      console.log(name, fault, await faultAtEveryCall(stand, begin, fault), Math.round(performance.now() - t), 'ms');
    });
  }
}
