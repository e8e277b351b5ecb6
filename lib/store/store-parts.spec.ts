import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TestClock } from '../testing/test-clock.js';
import { abortable } from './abortable.js';
import { CachePartition } from './cache-partition.js';
import type { MemoryEntry } from './memory-entry.js';
import { MemoryStateStore } from './memory-state-store.js';
import { OldestFirst } from './oldest-first.js';
import { RatePartition } from './rate-partition.js';
import { failureReason, redisEndpoint } from './redis-endpoint.js';
import { SingleUsePartition } from './single-use-partition.js';
import { wholeTtlMs } from './state-ttl.js';
import { StoreLifecycle } from './store-lifecycle.js';
import { UnreachableStateStore } from './unreachable-state-store.js';

const value = (expiresAt: number): MemoryEntry => ({ kind: 'value', value: 'x', expiresAt });
const hits = (count: number, expiresAt = 1e9): MemoryEntry => ({ kind: 'window', hits: count, expiresAt });

afterEach(() => void vi.restoreAllMocks());

describe('a part of the store in memory', () => {
  it('ends an entry at its moment', () => {
    const partition = new CachePartition(10);
    partition.put('a', value(100), 0);
    expect(partition.get('a', 99)).toEqual(value(100));
    expect(partition.get('a', 100)).toBeUndefined();
    expect(partition.get('a', 0)).toBeUndefined();
  });

  it('sweeps out what is over once a minute, and once a second while it is full', () => {
    const partition = new SingleUsePartition(2);
    partition.put('a', value(10), 0);
    partition.put('b', value(1e9), 0);
    expect(() => partition.put('c', value(1e9), 999)).toThrow();
    expect(partition.losses).toBe(1);
    partition.put('c', value(1e9), 1_000);
    expect(() => partition.put('d', value(1e9), 1_999)).toThrow();
    partition.delete('b');
    partition.put('e', value(61_000), 60_999);
    partition.delete('c');
    // The last sweep was at 1,000: one more is due at 61,000, though there is room.
    partition.put('f', value(1e9), 61_000);
    expect(partition.get('e', 60_999)).toBeUndefined();
  });

  it('of caches loses the oldest, and says so; one that is written again is the newest', () => {
    const lost = vi.fn();
    const partition = new CachePartition(2, lost);
    for (const key of ['a', 'b', 'a', 'c']) partition.put(key, value(1e9), 0);
    expect(['a', 'b', 'c'].map((key) => partition.get(key, 0) !== undefined)).toEqual([true, false, true]);
    expect([partition.losses, lost.mock.calls.length]).toEqual([1, 1]);
  });

  it('of rate limits loses the one with the fewest hits, the oldest of these', () => {
    const partition = new RatePartition(3);
    partition.put('much', hits(5), 0);
    partition.put('once', hits(1), 0);
    partition.put('once more', hits(1), 0);
    partition.put('new', hits(2), 0);
    expect(partition.get('once', 0)).toBeUndefined();
    partition.put('once more', hits(3), 0);
    partition.put('newer', hits(1), 0);
    expect(['much', 'once more', 'new', 'newer'].map((key) => partition.get(key, 0) !== undefined)).toEqual([
      true,
      true,
      false,
      true,
    ]);
    partition.delete('nothing');
    for (const key of ['much', 'once more', 'newer']) partition.delete(key);
    for (const key of ['x', 'y', 'z']) partition.put(key, hits(4), 0);
    expect(partition.losses).toBe(2);
  });

  it('of used marks overwrites one that is there, also when it is full', () => {
    const partition = new SingleUsePartition(1);
    partition.put('a', value(1e9), 0);
    partition.put('a', value(2e9), 0);
    expect(partition.get('a', 1e9)).toEqual(value(2e9));
    expect(() => partition.put('b', value(1e9), 0)).toThrow();
    partition.delete('a');
    partition.put('b', value(1e9), 0);
    expect(partition.losses).toBe(1);
  });
});

it('the oldest comes first, also of what is added after the end was reached', () => {
  const keys = new Set(['a', 'b']);
  const oldest = new OldestFirst(keys);
  const take = (): string | undefined => {
    const key = oldest.next();
    if (key !== undefined) keys.delete(key);
    return key;
  };
  expect([take(), take(), take()]).toEqual(['a', 'b', undefined]);
  keys.add('c');
  expect([take(), take()]).toEqual(['c', undefined]);
});

it('a time to live is whole, at least 1 ms, and finite', () => {
  expect([wholeTtlMs(-5), wholeTtlMs(0.2), wholeTtlMs(1.2), wholeTtlMs(60)]).toEqual([1, 1, 2, 60]);
  expect(() => wholeTtlMs(Number.NaN)).toThrow(RangeError);
  expect(() => wholeTtlMs(Infinity)).toThrow(RangeError);
});

describe('work that can be given up', () => {
  it('ends as it ends while there is no signal, and leaves no listener', async () => {
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    expect(await abortable(Promise.resolve(7), signal)).toBe(7);
    await expect(abortable(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    expect(removed).toHaveBeenCalledTimes(2);
  });

  it('fails with the signal, before or after', async () => {
    const controller = new AbortController();
    const waiting = abortable(new Promise(() => undefined), controller.signal);
    controller.abort();
    await expect(waiting).rejects.toThrow('NO_ANSWER');
    await expect(abortable(new Promise(() => undefined), controller.signal)).rejects.toThrow('NO_ANSWER');
  });
});

describe('what is told of a connection', () => {
  it.each([
    [undefined, { host: 'localhost:6379', tls: false, authenticated: false, loopback: true }],
    [
      { socket: { host: 'redis.example', port: 7000, tls: true }, password: 'hidden' },
      { host: 'redis.example:7000', tls: true, authenticated: true, loopback: false },
    ],
    [
      { socket: { path: '/run/redis.sock', host: 'redis.example' } },
      { host: '/run/redis.sock', tls: false, authenticated: false, loopback: true },
    ],
  ])('%#', (facts, endpoint) => {
    expect(redisEndpoint(facts as never)).toEqual(endpoint);
  });

  it.each([
    [Object.assign(new Error('at 10.0.0.1'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new Error('NOAUTH hidden words'), 'NOAUTH'],
    [new Error('A password'), 'Error'],
    [new TypeError('the NOAUTH'), 'TypeError'],
    ['text', 'unknown'],
  ])('failure %#', (error, reason) => {
    expect(failureReason(error)).toBe(reason);
  });
});

it('the store is closed once', async () => {
  const store = new MemoryStateStore(new TestClock());
  const close = vi.spyOn(store, 'close');
  const lifecycle = new StoreLifecycle(store);
  await Promise.all([lifecycle.close(), lifecycle.onApplicationShutdown(), lifecycle.close()]);
  expect(close).toHaveBeenCalledOnce();
});

it('a store that was not reached refuses all, and knows why', async () => {
  vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  const store = new UnreachableStateStore(['redis.url: ECONNREFUSED']);
  expect(store.problems).toEqual(['redis.url: ECONNREFUSED']);
  expect([store.kind, store.connectedAt()]).toEqual(['shared', 0]);
  const calls = [store.get, store.set, store.delete, store.take, store.consume, store.attemptBegin, store.ping];
  for (const call of calls)
    await expect((call as () => Promise<unknown>)()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await store.close();
});
