import { expect } from 'vitest';
import { MemoryStateStore } from '../../lib/store/memory-state-store.js';
import { allChecked, AttemptLab, checkedIn, ManualClock, OWNER } from '../support/attempt-lab.js';
import { freshAddress } from './kit.js';

const BATCHES = 20;

/** Twice as many invented names as the store holds, beside an account that is locked and one that has been tried. */
export async function flood(attempts: number): Promise<void> {
  const clock = new ManualClock();
  const lab = new AttemptLab(clock, { store: new MemoryStateStore(clock, { attempts }) });
  await lab.inTurn(5, 'wrong', OWNER);
  await lab.inTurn(3, 'wrong', { userId: 'u2', identifier: 'tried@example.com', address: freshAddress() });
  let checked = 0;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    checked += checkedIn(await lab.spray((2 * attempts) / BATCHES, `flood${batch}-`, () => freshAddress()));
  }
  expect(checked).toBe(2 * attempts);
  // The locked stay locked, and who had three wrong ones has two left.
  expect(await lab.try('right', { ...OWNER, address: freshAddress() })).toBe(60);
  const tried = { userId: 'u2', identifier: 'tried@example.com', address: freshAddress() };
  expect(await lab.inTurn(3, 'wrong', tried)).toEqual([...allChecked(2), 60]);
  for (const name of ['stranger', 'flood3-77']) {
    expect(await lab.try('right', { identifier: `${name}@example.com`, address: freshAddress() })).toBe('checked');
  }
}
