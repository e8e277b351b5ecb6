import { expect, it } from 'vitest';
import { SystemClock } from '../common/clock.js';
import { AuthError } from '../errors/auth-error.js';
import { MemoryStateStore } from '../store/memory-state-store.js';
import { UnreachableStateStore } from '../store/unreachable-state-store.js';
import { StoreProofChecks } from './store-proof.checks.js';

/** Keeps what it was asked to keep, and for how long. */
class WatchedStore extends MemoryStateStore {
  readonly kept: (readonly [key: string, ttlMs: number])[] = [];

  override set(key: string, value: string, ttlMs: number): Promise<void> {
    this.kept.push([key, ttlMs]);
    return super.set(key, value, ttlMs);
  }

  override setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    this.kept.push([key, ttlMs]);
    return super.setIfAbsent(key, value, ttlMs);
  }
}

it('nothing is written but keys of its own that end within 10 s', async () => {
  const store = new WatchedStore(new SystemClock());
  for (const check of new StoreProofChecks(store).checks()) {
    expect(await check.run(), check.id).toMatchObject({ status: 'passed' });
  }
  expect(store.kept.length).toBeGreaterThan(3);
  for (const [key, ttlMs] of store.kept) {
    expect(key).toMatch(/^gh:doctor:[\w-]{20,}:/);
    expect(ttlMs).toBeGreaterThan(0);
    expect(ttlMs).toBeLessThanOrEqual(10_000);
  }
  await store.close();
});

/** Ends what it keeps so much later than it was told. */
class LateStore extends MemoryStateStore {
  constructor(private readonly lateMs: number) {
    super(new SystemClock());
  }

  override set(key: string, value: string, ttlMs: number): Promise<void> {
    return super.set(key, value, ttlMs + this.lateMs);
  }
}

it.each([
  [60, 'passed'],
  [1_000, 'finding'],
])('a store that ends a value %d ms late has %s', async (lateMs, status) => {
  const store = new LateStore(lateMs);
  const expiry = new StoreProofChecks(store).checks().find(({ id }) => id === 'store.expiry')!;
  expect(await expiry.run()).toMatchObject({ status });
  await store.close();
});

/** Does not answer the first so many times. */
class FailingOver extends MemoryStateStore {
  constructor(private refusals: number) {
    super(new SystemClock());
  }

  override async ping(): Promise<void> {
    this.refusals -= 1;
    if (this.refusals >= 0) throw new AuthError('STORE_UNAVAILABLE');
    await super.ping();
  }
}

it.each([
  [2, 'passed'],
  [Infinity, 'finding'],
])('a store that does not answer %d times has %s', async (times, status) => {
  const store = new FailingOver(times);
  const reachable = new StoreProofChecks(store).checks().find(({ id }) => id === 'store.reachable')!;
  expect(await reachable.run()).toMatchObject({ status });
  await store.close();
});

it('a store that is not reached is told with its reason, and what needs it throws', async () => {
  const reason = 'redis: nothing usable at 127.0.0.1:1 (ECONNREFUSED).';
  const [reachable, ...others] = new StoreProofChecks(new UnreachableStateStore([reason])).checks();
  expect(await reachable!.run()).toMatchObject({ status: 'finding', change: reason });
  for (const check of others) await expect(check.run()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});
