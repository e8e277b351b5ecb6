import assert from 'node:assert/strict';
import { atOnce, MARGIN_MS, storeTest, type ContractRunner, type ContractSubject } from './contract-kit.js';

export function rateContract(runner: ContractRunner, subject: ContractSubject): void {
  const test = storeTest.bind(undefined, runner, subject);
  const PREFIX = 'gh:rate:';

  runner.describe('consume', () => {
    test('counts down to zero, then refuses', async ({ store, key }) => {
      const name = key(PREFIX);
      const limit = { limit: 3, windowMs: 60_000 };
      const results = [];
      for (let hit = 0; hit < 5; hit += 1) results.push(await store.consume(name, limit));
      assert.deepEqual(
        results.map(({ allowed, remaining }) => [allowed, remaining]),
        [
          [true, 2],
          [true, 1],
          [true, 0],
          [false, 0],
          [false, 0],
        ],
      );
      for (const { resetMs } of results) assert.ok(resetMs > 0 && resetMs <= 60_000);
    });

    test('of 50 hits at once, exactly the limit passes', async ({ store, key }) => {
      const name = key(PREFIX);
      const results = await atOnce(50, () => store.consume(name, { limit: 7, windowMs: 60_000 }));
      assert.equal(results.filter(({ allowed }) => allowed).length, 7);
    });

    test('the window starts with the first hit and refused hits do not prolong it', async ({ store, key, advance }) => {
      const name = key(PREFIX);
      const limit = { limit: 1, windowMs: 900 };
      assert.equal((await store.consume(name, limit)).allowed, true);
      await advance(500);
      const refused = await store.consume(name, limit);
      assert.equal(refused.allowed, false);
      assert.ok(refused.resetMs > 0 && refused.resetMs <= 400 + MARGIN_MS, `resetMs is ${refused.resetMs}`);
      await advance(400 + MARGIN_MS);
      assert.equal((await store.consume(name, limit)).allowed, true);
    });

    test('a hit that passes does not prolong the window either', async ({ store, key, advance }) => {
      const name = key(PREFIX);
      const limit = { limit: 2, windowMs: 900 };
      await store.consume(name, limit);
      await advance(500);
      await store.consume(name, limit);
      await advance(400 + MARGIN_MS);
      assert.deepEqual((await store.consume(name, limit)).remaining, 1);
    });

    test('a limit of zero lets nothing through', async ({ store, key }) => {
      const { allowed, remaining, resetMs } = await store.consume(key(PREFIX), { limit: 0, windowMs: 1_000 });
      assert.deepEqual({ allowed, remaining }, { allowed: false, remaining: 0 });
      assert.ok(resetMs > 0);
    });

    test('keys do not share a window; delete ends one', async ({ store, key }) => {
      const [one, other] = [key(PREFIX), key(PREFIX)];
      const limit = { limit: 1, windowMs: 60_000 };
      await store.consume(one, limit);
      assert.equal((await store.consume(other, limit)).allowed, true);
      await store.delete(one);
      assert.equal((await store.consume(one, limit)).allowed, true);
    });
  });
}
