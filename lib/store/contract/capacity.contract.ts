import assert from 'node:assert/strict';
import type { LockoutBudget } from '../state-store.js';
import { atOnce, storeTest, type ContractRunner, type ContractSubject } from './contract-kit.js';
import { fail } from './lockout.contract.js';

const BUDGET: LockoutBudget = {
  kind: 'lockout',
  limit: 5,
  windowMs: 900_000,
  lockMs: 900_000,
  maxLockMs: 3_600_000,
  roundsRememberedMs: 86_400_000,
};
const BATCH = 500;

export function capacityContract(runner: ContractRunner, subject: ContractSubject): void {
  const { identifiers = 200_000 } = subject;

  runner.describe('capacity', () => {
    const title = `a flood of ${identifiers} invented identifiers locks nobody out and frees nobody`;
    storeTest(runner, subject, title, async ({ store, key }) => {
      const [locked, guessed, stranger] = [key('gh:attempt:'), key('gh:attempt:'), key('gh:attempt:')];
      await fail(store, locked, BUDGET, 5);
      await fail(store, guessed, BUDGET, 4);
      const flood = key('gh:attempt:');
      const limit = { limit: 1, windowMs: 900_000 };
      const spent = key('gh:rate:');
      await store.consume(spent, { ...limit, limit: 2 });
      await store.consume(spent, { ...limit, limit: 2 });

      for (let first = 0; first < identifiers; first += BATCH) {
        await atOnce(BATCH, async (index) => {
          const name = `${flood}:${first + index}`;
          assert.equal((await store.attemptBegin(name, BUDGET)).allowed, true);
          await store.attemptEnd(name, BUDGET, 'wrong');
          assert.equal((await store.consume(name.replace('attempt', 'rate'), limit)).allowed, true);
        });
      }

      const refused = await store.attemptBegin(locked, BUDGET);
      assert.ok(!refused.allowed && refused.reason === 'locked');
      assert.equal(await fail(store, guessed, BUDGET, 1), BUDGET.lockMs);
      assert.equal((await store.consume(spent, { ...limit, limit: 2 })).allowed, false);
      assert.equal((await store.attemptBegin(stranger, BUDGET)).allowed, true);
      assert.equal((await store.attemptEnd(stranger, BUDGET, 'right')).lockedForMs, 0);
      assert.equal(await store.setIfAbsent(key('gh:used:'), '1', 600_000), true);
    });
  });
}
