import { afterEach, describe, expect, it } from 'vitest';
import { StateStore } from '../../lib/index.js';
import { MemoryStateStore, TestClock } from '../../lib/testing/index.js';
import { PASSWORD } from '../support/app.js';
import { allChecked, AttemptLab, checkedIn, OWNER } from '../support/attempt-lab.js';
import {
  freshAddress,
  knownBrowser,
  newAccount,
  startGate,
  statuses,
  times,
  tryInTurn,
  tryPassword,
  type Gate,
} from './kit.js';

let gate: Gate | undefined;
afterEach(async () => {
  await gate?.app.close();
  gate = undefined;
});

describe('a flood of invented names', () => {
  it('of 200,000, twice what the store holds, locks nobody out and unlocks nobody', { timeout: 120_000 }, async () => {
    const lab = new AttemptLab();
    await lab.inTurn(5, 'wrong', OWNER);
    await lab.inTurn(3, 'wrong', { userId: 'u2', identifier: 'tried@example.com', address: freshAddress() });
    let checked = 0;
    for (let batch = 0; batch < 20; batch += 1) {
      checked += checkedIn(await lab.spray(10_000, `flood${batch}-`, () => freshAddress()));
    }
    expect(checked).toBe(200_000);
    // The locked stay locked, and who had three wrong ones has two left.
    expect(await lab.try('right', { ...OWNER, address: freshAddress() })).toBe(60);
    const tried = { userId: 'u2', identifier: 'tried@example.com', address: freshAddress() };
    expect(await lab.inTurn(3, 'wrong', tried)).toEqual([...allChecked(2), 60]);
    for (const name of ['stranger', 'flood3-77']) {
      expect(await lab.try('right', { identifier: `${name}@example.com`, address: freshAddress() })).toBe('checked');
    }
  });
});

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
