import { afterEach, describe, expect, it } from 'vitest';
import { StateStore } from '../../lib/index.js';
import { MemoryStateStore, TestClock } from '../../lib/testing/index.js';
import { PASSWORD } from '../support/app.js';
import { flood } from './flood.js';
import { knownBrowser, newAccount, startGate, statuses, times, tryInTurn, tryPassword, type Gate } from './kit.js';

let gate: Gate | undefined;
afterEach(async () => {
  await gate?.app.close();
  gate = undefined;
});

// `npm run proof -- flood`: of 200,000, twice what the store holds by default.
it('a flood of invented names, twice what the store holds, locks nobody out and unlocks nobody', () => flood(20_000));

describe('the same over HTTP, each name twice, of three times what the store holds', () => {
  it('locks nobody out and unlocks nobody', async () => {
    const store = new MemoryStateStore(new TestClock(), { attempts: 200 });
    gate = await startGate({ override: (builder) => builder.overrideProvider(StateStore).useValue(store) });
    const { app } = gate;
    await newAccount(app, 'ada@example.com');
    await newAccount(app, 'eve@example.com');
    const browser = await knownBrowser(app, 'ada@example.com');
    await tryInTurn(app, 5, 'ada@example.com');
    for (let batch = 0; batch < 15; batch += 1) {
      const names = Array.from({ length: 20 }, (_, index) => `flood${batch}-${index}@example.com`);
      for (const turn of [names, names]) {
        const answers = await Promise.all(turn.map((name) => tryPassword(app, name)));
        expect(statuses(answers)).toEqual(times(20, 401));
      }
    }
    expect(store.evictions().attempts).toBeGreaterThan(0);
    expect((await tryPassword(app, 'ada@example.com', { password: PASSWORD })).status).toBe(429);
    expect((await tryPassword(app, 'ada@example.com', { password: PASSWORD, browser })).status).toBe(200);
    expect((await tryPassword(app, 'eve@example.com', { password: PASSWORD })).status).toBe(200);
  });
});
