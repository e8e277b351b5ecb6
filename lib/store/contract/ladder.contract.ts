import assert from 'node:assert/strict';
import type { LockoutBudget } from '../state-store.js';
import { MARGIN_MS, storeTest, type ContractRunner, type ContractSubject } from './contract-kit.js';
import { fail } from './lockout.contract.js';

const BUDGET: LockoutBudget = {
  kind: 'lockout',
  limit: 2,
  windowMs: 60_000,
  lockMs: 100,
  maxLockMs: 350,
  roundsRememberedMs: 2_000,
};

export function ladderContract(runner: ContractRunner, subject: ContractSubject): void {
  const test = storeTest.bind(undefined, runner, subject);
  const PREFIX = 'gh:attempt:';

  runner.describe('the ladder of locks', () => {
    test('doubles each round up to the longest lock', async ({ store, key, advance }) => {
      const name = key(PREFIX);
      for (const lockedForMs of [100, 200, 350, 350]) {
        assert.equal(await fail(store, name, BUDGET, 2), lockedForMs);
        assert.equal((await store.attemptBegin(name, BUDGET)).allowed, false);
        await advance(lockedForMs + MARGIN_MS);
      }
    });

    test('is remembered across right attempts, and forgotten in the end', async ({ store, key, advance }) => {
      const name = key(PREFIX);
      assert.equal(await fail(store, name, BUDGET, 2), 100);
      await advance(100 + MARGIN_MS);
      await store.attemptBegin(name, BUDGET);
      await store.attemptEnd(name, BUDGET, 'right');
      assert.equal(await fail(store, name, BUDGET, 2), 200);
      await advance(2_000 + MARGIN_MS);
      assert.equal(await fail(store, name, BUDGET, 2), 100);
    });

    test('is forgotten although failures of an open window are not', async ({ store, key, advance }) => {
      const name = key(PREFIX);
      assert.equal(await fail(store, name, BUDGET, 2), 100);
      await advance(100 + MARGIN_MS);
      await fail(store, name, BUDGET, 1);
      await advance(2_000);
      assert.equal(await fail(store, name, BUDGET, 1), 100);
    });

    test('outlasts a window, whose failures end all the same', async ({ store, key, advance }) => {
      const name = key(PREFIX);
      const budget = { ...BUDGET, windowMs: 500, roundsRememberedMs: 60_000 };
      assert.equal(await fail(store, name, budget, 2), 100);
      await advance(100 + MARGIN_MS);
      await fail(store, name, budget, 1);
      await advance(500 + MARGIN_MS);
      assert.equal(await fail(store, name, budget, 1), 0);
      assert.equal(await fail(store, name, budget, 1), 200);
    });
  });
}
