import assert from 'node:assert/strict';
import type { LockoutBudget, StateStore } from '../state-store.js';
import { atOnce, MARGIN_MS, storeTest, type ContractRunner, type ContractSubject } from './contract-kit.js';

const BUDGET: LockoutBudget = {
  kind: 'lockout',
  limit: 5,
  windowMs: 60_000,
  lockMs: 60_000,
  maxLockMs: 3_600_000,
  roundsRememberedMs: 7_200_000,
};
const WINDOW_MS = 900;
const SHORT_WINDOW = { ...BUDGET, windowMs: WINDOW_MS };

export function lockoutContract(runner: ContractRunner, subject: ContractSubject): void {
  const test = storeTest.bind(undefined, runner, subject);
  const PREFIX = 'gh:attempt:';

  runner.describe('lockout', () => {
    test('of 200 guesses at once the limit is checked, then the key is locked', async ({ store, key }) => {
      const name = key(PREFIX);
      const begun = await atOnce(200, () => store.attemptBegin(name, BUDGET));
      assert.equal(begun.filter(({ allowed }) => allowed).length, 5);
      for (const begin of begun) {
        if (!begin.allowed) assert.deepEqual(begin, { allowed: false, reason: 'exhausted', retryAfterMs: 1_000 });
      }
      const ended = await atOnce(5, () => store.attemptEnd(name, BUDGET, 'wrong'));
      assert.deepEqual(ended.map(({ lockedForMs }) => lockedForMs).sort(), [0, 0, 0, 0, 60_000]);
      const refused = await store.attemptBegin(name, BUDGET);
      assert.ok(!refused.allowed && refused.reason === 'locked');
      assert.ok(refused.retryAfterMs > 50_000 && refused.retryAfterMs <= 60_000);
    });

    test('right attempts never lock, one after another or ten at once', async ({ store, key }) => {
      const name = key(PREFIX);
      for (let attempt = 0; attempt < 10; attempt += 1) {
        assert.equal((await store.attemptBegin(name, BUDGET)).allowed, true);
        assert.deepEqual(await store.attemptEnd(name, BUDGET, 'right'), { lockedForMs: 0 });
      }
      const begun = await atOnce(10, () => store.attemptBegin(name, BUDGET));
      assert.equal(begun.filter(({ allowed }) => allowed).length, 5);
      await atOnce(5, () => store.attemptEnd(name, BUDGET, 'right'));
      assert.equal(await allowedOf(store, name, 5), 5);
    });

    test('an attempt without verdict gives its reservation back', async ({ store, key }) => {
      const name = key(PREFIX);
      for (let attempt = 0; attempt < 10; attempt += 1) {
        assert.equal((await store.attemptBegin(name, BUDGET)).allowed, true);
        await store.attemptEnd(name, BUDGET, 'no-verdict');
      }
      assert.equal(await allowedOf(store, name, 6), 5);
    });

    test('a right attempt forgives no earlier failure', async ({ store, key }) => {
      const name = key(PREFIX);
      await fail(store, name, BUDGET, 4);
      await store.attemptBegin(name, BUDGET);
      await store.attemptEnd(name, BUDGET, 'right');
      assert.equal(await fail(store, name, BUDGET, 1), 60_000);
    });

    test('failures end with the window, which starts with the first attempt', async ({ store, key, advance }) => {
      const name = key(PREFIX);
      await fail(store, name, SHORT_WINDOW, 1);
      await advance(WINDOW_MS / 2);
      await fail(store, name, SHORT_WINDOW, 3);
      await advance(WINDOW_MS / 2 + MARGIN_MS);
      assert.equal(await allowedOf(store, name, 6, SHORT_WINDOW), 5);
    });

    test('a reservation never settled counts until the window ends; refused attempts prolong nothing', async ({
      store,
      key,
      advance,
    }) => {
      const name = key(PREFIX);
      assert.equal(await allowedOf(store, name, 5, SHORT_WINDOW), 5);
      await advance(WINDOW_MS / 2);
      assert.equal(await allowedOf(store, name, 20, SHORT_WINDOW), 0);
      await advance(WINDOW_MS / 2 + MARGIN_MS);
      assert.equal(await allowedOf(store, name, 6, SHORT_WINDOW), 5);
    });

    test('refused attempts do not prolong a lock', async ({ store, key, advance }) => {
      const name = key(PREFIX);
      const budget = { ...BUDGET, lockMs: 900 };
      assert.equal(await fail(store, name, budget, 5), 900);
      await advance(500);
      assert.equal(await allowedOf(store, name, 20, budget), 0);
      await advance(400 + MARGIN_MS);
      assert.equal(await allowedOf(store, name, 6, budget), 5);
    });

    test('a wrong attempt counts although its reservation is gone', async ({ store, key }) => {
      const name = key(PREFIX);
      for (let attempt = 0; attempt < 4; attempt += 1) await store.attemptEnd(name, BUDGET, 'wrong');
      assert.deepEqual(await store.attemptEnd(name, BUDGET, 'wrong'), { lockedForMs: 60_000 });
    });

    test('what was reserved in a window that is over gives back nothing of the next one', async ({
      store,
      key,
      advance,
    }) => {
      const name = key(PREFIX);
      const early = await Promise.all([1, 2].map(() => store.attemptBegin(name, SHORT_WINDOW)));
      await advance(WINDOW_MS + MARGIN_MS);
      assert.equal(await allowedOf(store, name, 6), 5);
      for (const [index, begun] of early.entries()) {
        assert.ok(begun.allowed && begun.window !== undefined);
        await store.attemptEnd(name, BUDGET, index === 0 ? 'right' : 'no-verdict', begun.window);
      }
      assert.equal(await allowedOf(store, name, 1), 0);
    });

    test('nor of the one after it was cleared', async ({ store, key, advance }) => {
      const name = key(PREFIX);
      const early = await store.attemptBegin(name, BUDGET);
      await store.clear(name);
      await advance(MARGIN_MS);
      assert.equal(await allowedOf(store, name, 6), 5);
      assert.ok(early.allowed);
      await store.attemptEnd(name, BUDGET, 'right', early.window);
      assert.equal(await allowedOf(store, name, 1), 0);
    });

    test('clear forgets failures, rounds and lock', async ({ store, key }) => {
      const name = key(PREFIX);
      assert.equal(await fail(store, name, BUDGET, 5), 60_000);
      await store.clear(name);
      assert.equal(await fail(store, name, BUDGET, 5), 60_000);
    });

    test('keys do not share a lock', async ({ store, key }) => {
      const [locked, stranger] = [key(PREFIX), key(PREFIX)];
      await fail(store, locked, BUDGET, 5);
      assert.equal((await store.attemptBegin(stranger, BUDGET)).allowed, true);
      assert.equal((await store.attemptBegin(locked, BUDGET)).allowed, false);
    });
  });
}

/** Fails this many attempts, one after another, and answers the lock that the last one started. */
export async function fail(store: StateStore, name: string, budget: LockoutBudget, times: number): Promise<number> {
  let lockedForMs = 0;
  for (let attempt = 0; attempt < times; attempt += 1) {
    const begun = await store.attemptBegin(name, budget);
    assert.ok(begun.allowed);
    ({ lockedForMs } = await store.attemptEnd(name, budget, 'wrong', begun.window));
  }
  return lockedForMs;
}

async function allowedOf(store: StateStore, name: string, times: number, budget = BUDGET): Promise<number> {
  const begun = await atOnce(times, () => store.attemptBegin(name, budget));
  return begun.filter(({ allowed }) => allowed).length;
}
