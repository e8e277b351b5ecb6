import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../common/clock.js';
import { MemoryStateStore, type MemoryBounds } from './memory-state-store.js';
import { stateStoreContract } from './state-store-contract.js';
import type { LockoutBudget } from './state-store.js';

class TestClock extends Clock {
  private time = 1_800_000_000_000;

  override now(): number {
    return this.time;
  }

  advance(ms: number): void {
    this.time += ms;
  }
}

const BUDGET: LockoutBudget = {
  kind: 'lockout',
  limit: 2,
  windowMs: 900_000,
  lockMs: 60_000,
  maxLockMs: 3_600_000,
  roundsRememberedMs: 86_400_000,
};

stateStoreContract(
  { describe, it },
  {
    name: 'MemoryStateStore',
    // A mutation run begins it hundreds of times.
    ...(process.env.MUTATION_FOLDER === undefined ? {} : { identifiers: 2_000 }),
    create: async () => {
      const clock = new TestClock();
      const store = new MemoryStateStore(clock);
      return { store, advance: async (ms) => clock.advance(ms), close: () => store.close() };
    },
  },
);

describe('MemoryStateStore when a partition is full', () => {
  const make = (bounds: Partial<MemoryBounds>) => {
    const clock = new TestClock();
    return { clock, store: new MemoryStateStore(clock, bounds) };
  };
  const wrong = async (store: MemoryStateStore, key: string) => {
    await store.attemptBegin(key, BUDGET);
    return store.attemptEnd(key, BUDGET, 'wrong');
  };

  afterEach(() => vi.restoreAllMocks());

  it('cache: the oldest goes', async () => {
    const { store } = make({ cache: 3 });
    for (const name of ['a', 'b', 'c']) await store.set(`gh:{u}:${name}`, name, 60_000);
    await store.set('gh:{u}:a', 'newer', 60_000);
    await store.set('gh:{u}:d', 'd', 60_000);
    expect(await store.getMany(['gh:{u}:a', 'gh:{u}:b', 'gh:{u}:c', 'gh:{u}:d'])).toEqual(['newer', null, 'c', 'd']);
    expect(store.evictions().cache).toBe(1);
  });

  it('rate: the window with the fewest hits goes, so a spent limit stays spent', async () => {
    const { store } = make({ rate: 10 });
    const limit = { limit: 2, windowMs: 60_000 };
    await store.consume('gh:rate:spent', limit);
    await store.consume('gh:rate:spent', limit);
    for (let index = 0; index < 100; index += 1) await store.consume(`gh:rate:${index}`, limit);
    expect((await store.consume('gh:rate:spent', limit)).allowed).toBe(false);
    expect((await store.consume('gh:rate:99', limit)).remaining).toBe(0);
    expect(store.evictions()).toEqual({ cache: 0, rate: 91, attempts: 0, 'single-use': 0 });
  });

  it('attempts: keys tried once push out only one another', async () => {
    const { store } = make({ attempts: 10 });
    const budget = { ...BUDGET, limit: 5 };
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await store.attemptBegin('gh:attempt:guessed', budget);
      await store.attemptEnd('gh:attempt:guessed', budget, 'wrong');
    }
    for (let index = 0; index < 100; index += 1) await wrong(store, `gh:attempt:${index}`);
    await store.attemptBegin('gh:attempt:guessed', budget);
    await store.attemptEnd('gh:attempt:guessed', budget, 'wrong');
    await store.attemptBegin('gh:attempt:guessed', budget);
    expect(await store.attemptEnd('gh:attempt:guessed', budget, 'wrong')).toEqual({ lockedForMs: 60_000 });
    expect(store.evictions().attempts).toBe(95);
  });

  it.each([1, 2])(
    'attempts: what is over makes room before anybody is pushed out, for keys tried %i times',
    async (times) => {
      const { store, clock } = make({ attempts: 10 });
      const budget = { ...BUDGET, limit: 5, windowMs: 30_000 };
      const five = async (name: string) => {
        for (let index = 0; index < 5; index += 1) {
          for (let attempt = 0; attempt < times; attempt += 1) {
            await store.attemptBegin(`gh:attempt:${name}${index}`, budget);
            await store.attemptEnd(`gh:attempt:${name}${index}`, budget, 'wrong');
          }
        }
      };
      await five('a');
      clock.advance(budget.windowMs);
      await five('b');
      expect(store.evictions().attempts).toBe(0);
      await five('c');
      expect(store.evictions().attempts).toBe(5);
    },
  );

  it('attempts: a lock outlasts a flood of keys tried twice', async () => {
    const { store } = make({ attempts: 10 });
    const budget = { ...BUDGET, limit: 3 };
    for (let attempt = 0; attempt < 2; attempt += 1) await wrong(store, 'gh:attempt:locked');
    for (let index = 0; index < 100; index += 1) {
      for (let attempt = 0; attempt < 2; attempt += 1) {
        await store.attemptBegin(`gh:attempt:${index}`, budget);
        await store.attemptEnd(`gh:attempt:${index}`, budget, 'wrong');
      }
    }
    expect(await store.attemptBegin('gh:attempt:locked', BUDGET)).toMatchObject({ allowed: false, reason: 'locked' });
  });

  it('attempts: when everything is locked a new key is refused, until a lock has passed', async () => {
    const { store, clock } = make({ attempts: 4 });
    const once = { ...BUDGET, limit: 1 };
    for (const name of ['a', 'b']) {
      await store.attemptBegin(`gh:attempt:${name}`, once);
      await store.attemptEnd(`gh:attempt:${name}`, once, 'wrong');
    }
    await expect(store.attemptBegin('gh:attempt:new', once)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    clock.advance(60_000);
    expect(await store.attemptBegin('gh:attempt:new', once)).toMatchObject({ allowed: true });
  });

  it('single-use: a new entry is refused, old ones stay, and what is over makes room', async () => {
    const { store, clock } = make({ 'single-use': 2 });
    await store.setIfAbsent('gh:used:a', '1', 5_000);
    await store.setIfAbsent('gh:used:b', '1', 60_000);
    await expect(store.setIfAbsent('gh:used:c', '1', 60_000)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await store.set('gh:used:b', '2', 60_000);
    expect(await store.setIfAbsent('gh:used:a', '1', 60_000)).toBe(false);
    expect(await store.attemptBegin('gh:attempt:x', BUDGET)).toMatchObject({ allowed: true });
    clock.advance(5_000);
    expect(await store.setIfAbsent('gh:used:c', '1', 60_000)).toBe(true);
    expect(store.evictions()['single-use']).toBe(1);
  });

  it('logs at most once a minute, and never for the cache', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const { store, clock } = make({ cache: 1, rate: 1 });
    for (let index = 0; index < 10; index += 1) await store.set(`gh:{u}:${index}`, '', 60_000);
    expect(warn).not.toHaveBeenCalled();
    const limit = { limit: 1, windowMs: 3_600_000 };
    for (let index = 0; index < 10; index += 1) await store.consume(`gh:rate:${index}`, limit);
    expect(warn).toHaveBeenCalledTimes(1);
    clock.advance(59_999);
    await store.consume('gh:rate:x', limit);
    expect(warn).toHaveBeenCalledTimes(1);
    clock.advance(1);
    await store.consume('gh:rate:y', limit);
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('a key used as two kinds of state is refused, not answered as empty', async () => {
    const { store } = make({});
    await store.consume('gh:rate:x', { limit: 1, windowMs: 1_000 });
    await expect(store.get('gh:rate:x')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
