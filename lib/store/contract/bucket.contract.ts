import assert from 'node:assert/strict';
import type { AttemptOutcome, BucketBudget, StateStore } from '../state-store.js';
import { atOnce, MARGIN_MS, storeTest, type ContractRunner, type ContractSubject } from './contract-kit.js';

const BUDGET: BucketBudget = { kind: 'bucket', limit: 20, refillMs: 60_000 };

export function bucketContract(runner: ContractRunner, subject: ContractSubject): void {
  const test = storeTest.bind(undefined, runner, subject);
  const PREFIX = 'gh:attempt:';

  runner.describe('bucket', () => {
    test('of 200 guesses at once the limit is checked; it then refuses without a lock', async ({ store, key }) => {
      const name = key(PREFIX);
      const begun = await atOnce(200, () => store.attemptBegin(name, BUDGET));
      assert.equal(begun.filter(({ allowed }) => allowed).length, 20);
      for (const begin of begun) {
        if (!begin.allowed) assert.deepEqual(begin, { allowed: false, reason: 'exhausted', retryAfterMs: 1_000 });
      }
      const ended = await atOnce(20, () => store.attemptEnd(name, BUDGET, 'wrong'));
      assert.ok(ended.every(({ lockedForMs }) => lockedForMs === 0));
      const refused = await store.attemptBegin(name, BUDGET);
      assert.ok(!refused.allowed && refused.reason === 'exhausted');
      assert.ok(refused.retryAfterMs > 50_000 && refused.retryAfterMs <= 60_000, `${refused.retryAfterMs}`);
    });

    for (const outcome of ['right', 'no-verdict'] as const) {
      test(`only failures fill it: ${outcome}`, async ({ store, key }) => {
        const name = key(PREFIX);
        for (let attempt = 0; attempt < 40; attempt += 1) await settle(store, name, outcome);
        const begun = await atOnce(25, () => store.attemptBegin(name, BUDGET));
        assert.equal(begun.filter(({ allowed }) => allowed).length, 20);
      });
    }

    test('a right attempt forgives no earlier failure', async ({ store, key }) => {
      const name = key(PREFIX);
      for (let attempt = 0; attempt < 19; attempt += 1) await settle(store, name, 'wrong');
      await settle(store, name, 'right');
      await settle(store, name, 'wrong');
      assert.equal((await store.attemptBegin(name, BUDGET)).allowed, false);
    });

    test('refills one at a time; refused attempts prolong nothing', async ({ store, key, advance }) => {
      const name = key(PREFIX);
      const budget: BucketBudget = { kind: 'bucket', limit: 3, refillMs: 1_000 };
      for (let attempt = 0; attempt < 3; attempt += 1) await settle(store, name, 'wrong', budget);
      await advance(500);
      const refused = await atOnce(10, () => store.attemptBegin(name, budget));
      assert.ok(refused.every(({ allowed }) => !allowed));
      await advance(500 + MARGIN_MS);
      const begun = await atOnce(3, () => store.attemptBegin(name, budget));
      assert.equal(begun.filter(({ allowed }) => allowed).length, 1);
    });

    test('a reservation never settled is forgiven like a failure', async ({ store, key, advance }) => {
      const name = key(PREFIX);
      const budget: BucketBudget = { kind: 'bucket', limit: 2, refillMs: 500 };
      await atOnce(2, () => store.attemptBegin(name, budget));
      assert.equal((await store.attemptBegin(name, budget)).allowed, false);
      await advance(1_000 + MARGIN_MS);
      const begun = await atOnce(3, () => store.attemptBegin(name, budget));
      assert.equal(begun.filter(({ allowed }) => allowed).length, 2);
    });

    test('a wrong attempt counts although its reservation is gone; clear forgets', async ({ store, key }) => {
      const name = key(PREFIX);
      const budget = { ...BUDGET, limit: 1 };
      await store.attemptEnd(name, budget, 'wrong');
      assert.equal((await store.attemptBegin(name, budget)).allowed, false);
      await store.clear(name);
      assert.equal((await store.attemptBegin(name, budget)).allowed, true);
    });
  });
}

async function settle(store: StateStore, name: string, outcome: AttemptOutcome, budget = BUDGET): Promise<void> {
  assert.deepEqual(await store.attemptBegin(name, budget), { allowed: true });
  await store.attemptEnd(name, budget, outcome);
}
