import assert from 'node:assert/strict';
import { atOnce, MARGIN_MS, storeTest, type ContractRunner, type ContractSubject } from './contract-kit.js';

const LONG_MS = 60_000;
const SHORT_MS = 150;

const HOSTILE = [
  '__proto__',
  'constructor',
  'nul\0inside',
  '\r\nDEL x\r\n',
  'emoji 🙂 é ü',
  '{tag}',
  ' ',
  'x'.repeat(100_000),
] as const;

export function valuesContract(runner: ContractRunner, subject: ContractSubject): void {
  const test = storeTest.bind(undefined, runner, subject);

  runner.describe('values', () => {
    test('get answers what set stored, and null for what is not there', async ({ store, key }) => {
      const name = key();
      assert.equal(await store.get(name), null);
      await store.set(name, 'one', LONG_MS);
      await store.set(name, 'two', LONG_MS);
      assert.equal(await store.get(name), 'two');
      assert.equal(await store.get(key()), null);
    });

    test('getMany answers in order, null where nothing is', async ({ store, key }) => {
      const tag = key('gh:{') + '}:';
      await store.set(`${tag}v`, 'version', LONG_MS);
      await store.set(`${tag}s`, 'snapshot', LONG_MS);
      const found = await store.getMany([`${tag}s`, `${tag}none`, `${tag}v`]);
      assert.deepEqual(found, ['snapshot', null, 'version']);
      assert.deepEqual(await store.getMany([]), []);
    });

    test('delete removes, and removing nothing is no error', async ({ store, key }) => {
      const name = key();
      await store.set(name, 'x', LONG_MS);
      await store.delete(name);
      await store.delete(name);
      assert.equal(await store.get(name), null);
    });

    test('a value ends with its time to live, however it was stored', async ({ store, key, advance }) => {
      const [set, absent, swapped, kept] = [key(), key(), key(), key()];
      await store.set(kept, 'kept', LONG_MS);
      await store.set(set, 'x', SHORT_MS);
      assert.equal(await store.setIfAbsent(absent, 'x', SHORT_MS), true);
      await store.set(swapped, 'x', LONG_MS);
      assert.equal(await store.compareAndSet(swapped, 'x', 'y', SHORT_MS), true);
      await advance(SHORT_MS + MARGIN_MS);
      assert.deepEqual(await Promise.all([set, absent, swapped, kept].map((name) => store.get(name))), [
        null,
        null,
        null,
        'kept',
      ]);
      assert.equal(await store.take(set), null);
      assert.equal(await store.compareAndSet(swapped, 'y', 'z', LONG_MS), false);
      assert.equal(await store.setIfAbsent(absent, 'again', LONG_MS), true);
    });

    test('a time to live with a fraction is taken', async ({ store, key }) => {
      const name = key();
      await store.set(name, 'x', LONG_MS + 0.5);
      assert.equal(await store.get(name), 'x');
    });

    test('setIfAbsent: of 50 at once, one stores', async ({ store, key }) => {
      const name = key();
      const stored = await atOnce(50, (index) => store.setIfAbsent(name, String(index), LONG_MS));
      assert.equal(stored.filter(Boolean).length, 1);
      assert.equal(await store.get(name), String(stored.indexOf(true)));
    });

    test('a refused setIfAbsent neither replaces nor prolongs', async ({ store, key, advance }) => {
      const name = key();
      await store.setIfAbsent(name, 'first', 400);
      await advance(200);
      await store.setIfAbsent(name, 'second', LONG_MS);
      await advance(200 + MARGIN_MS);
      assert.equal(await store.get(name), null);
    });

    test('take: of 50 at once, one receives the value', async ({ store, key }) => {
      const name = key();
      await store.set(name, 'prize', LONG_MS);
      const taken = await atOnce(50, () => store.take(name));
      assert.deepEqual(
        taken.filter((value) => value !== null),
        ['prize'],
      );
      assert.equal(await store.get(name), null);
    });

    test('compareAndSet: of 50 at once, one replaces; other values and absence refuse', async ({ store, key }) => {
      const name = key();
      assert.equal(await store.compareAndSet(name, '', 'x', LONG_MS), false);
      await store.set(name, 'old', LONG_MS);
      const swapped = await atOnce(50, (index) => store.compareAndSet(name, 'old', `new ${index}`, LONG_MS));
      assert.equal(swapped.filter(Boolean).length, 1);
      assert.equal(await store.get(name), `new ${swapped.indexOf(true)}`);
      assert.equal(await store.compareAndSet(name, 'old', 'x', LONG_MS), false);
    });

    test('hostile keys and values come back as they are and touch nothing else', async ({ store, key }) => {
      const base = key();
      for (const text of HOSTILE) await store.set(base + text, text, LONG_MS);
      for (const text of HOSTILE) {
        assert.equal(await store.get(base + text), text);
        assert.equal(await store.take(base + text), text);
      }
      await store.set(base, '', LONG_MS);
      assert.equal(await store.get(base), '');
      assert.equal(await store.get('__proto__'), null);
      assert.equal(await store.get('constructor'), null);
    });

    test('ping answers, and connectedAt is a time', async ({ store }) => {
      await store.ping();
      assert.ok(Number.isFinite(store.connectedAt()));
    });
  });
}
