import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { createClient } from '@redis/client';
import { caching } from 'cache-manager';
import { redisStore } from 'cache-manager-redis-yet';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startRedis, type PrivateRedis } from '../../test/support/redis-server.js';
import { SystemClock } from '../common/clock.js';
import { createRedisStateStore } from './connect-redis.js';
import type { RedisStateStore } from './redis-state-store.js';
import type { AttemptBudget, StateStore } from './state-store.js';

const BUDGETS: readonly AttemptBudget[] = [
  { kind: 'bucket', limit: 3, refillMs: 900_000 },
  {
    kind: 'lockout',
    limit: 3,
    windowMs: 900_000,
    lockMs: 60_000,
    maxLockMs: 3_600_000,
    roundsRememberedMs: 7_200_000,
  },
];

const OPERATIONS: Readonly<Record<string, (store: StateStore) => Promise<unknown>>> = {
  get: (store) => store.get('gh:x'),
  getMany: (store) => store.getMany(['gh:{x}:v', 'gh:{x}:s']),
  set: (store) => store.set('gh:x', '', 60_000),
  delete: (store) => store.delete('gh:x'),
  setIfAbsent: (store) => store.setIfAbsent('gh:x', '', 60_000),
  take: (store) => store.take('gh:x'),
  compareAndSet: (store) => store.compareAndSet('gh:x', '', '', 60_000),
  consume: (store) => store.consume('gh:rate:x', { limit: 1, windowMs: 60_000 }),
  attemptBegin: (store) => store.attemptBegin('gh:attempt:x', BUDGETS[0]!),
  attemptEnd: (store) => store.attemptEnd('gh:attempt:x', BUDGETS[0]!, 'wrong'),
  clear: (store) => store.clear('gh:attempt:x'),
  ping: (store) => store.ping(),
};

const DEADLINE_MS = 300;
const clock = new SystemClock();

describe('RedisStateStore when Redis fails', () => {
  let redis: PrivateRedis;
  let store: RedisStateStore;
  const troubles: unknown[] = [];
  const onTrouble = (trouble: unknown): void => void troubles.push(trouble);

  beforeEach(async () => {
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    redis = await startRedis();
    store = await createRedisStateStore(
      { url: redis.url, cluster: undefined, cache: undefined, commandTimeoutMs: DEADLINE_MS, connectTimeoutMs: 5_000 },
      clock,
    );
    troubles.length = 0;
    process.on('unhandledRejection', onTrouble).on('uncaughtException', onTrouble);
  });

  afterEach(async () => {
    redis.resume();
    await store.close();
    await redis.stop().catch(() => undefined);
    await sleep(20);
    process.off('unhandledRejection', onTrouble).off('uncaughtException', onTrouble);
    vi.restoreAllMocks();
    expect(troubles).toEqual([]);
  });

  it('loses no command of the time after it was read-only, when the connection is renewed', async () => {
    const admin = createClient({ url: redis.url });
    admin.on('error', () => undefined);
    await admin.connect();
    const clients = async (): Promise<readonly string[]> =>
      (await admin.sendCommand<string>(['CLIENT', 'LIST', 'TYPE', 'normal'])).match(/^id=\d+/gm) ?? [];
    try {
      const before = await clients();
      await admin.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
      await expect(store.set('gh:x', '', 60_000)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
      const end = performance.now() + 2_500;
      for (let n = 0; performance.now() < end; n += 1) {
        await Promise.all([store.set(`gh:${n}`, '', 60_000), store.get('gh:x')]);
      }
      const after = await clients();
      expect(after.length).toBe(before.length);
      expect(after).not.toEqual(before);
    } finally {
      await admin.disconnect();
    }
  });

  const refusedInTime = async (): Promise<void> => {
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      const startedAt = performance.now();
      const error = await operation(store).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error, name).toMatchObject({ code: 'STORE_UNAVAILABLE', headers: { 'Retry-After': '1' } });
      expect(performance.now() - startedAt, name).toBeLessThan(1_000);
    }
  };

  const backWithin = async (ms: number): Promise<void> => {
    const until = performance.now() + ms;
    for (;;) {
      try {
        await store.ping();
        return;
      } catch (error) {
        if (performance.now() > until) throw error;
        await sleep(20);
      }
    }
  };

  it('killed: refuses in time, comes back empty, and says when', async () => {
    await store.set('gh:x', 'old', 60_000);
    const connectedAt = store.connectedAt();
    await redis.stop();
    await refusedInTime();
    await sleep(1_500);
    expect(store.connectedAt()).toBe(connectedAt);
    await redis.restart();
    const back = clock.now();
    await backWithin(5_000);
    expect(await store.get('gh:x')).toBeNull();
    expect(store.connectedAt()).toBeGreaterThanOrEqual(back - 1_000);
    expect(store.connectedAt()).toBeGreaterThan(connectedAt);
    // The new server does not know the scripts.
    expect((await store.consume('gh:rate:y', { limit: 1, windowMs: 60_000 })).allowed).toBe(true);
  });

  it('restarted under load: no operation takes longer than its deadline', async () => {
    const results: { ms: number; ok: boolean }[] = [];
    let running = true;
    const loads = Array.from({ length: 20 }, async () => {
      while (running) {
        const startedAt = performance.now();
        const ok = await store.get('gh:x').then(
          () => true,
          () => false,
        );
        results.push({ ms: performance.now() - startedAt, ok });
        await sleep(5);
      }
    });
    await sleep(200);
    await redis.restart();
    await backWithin(5_000);
    running = false;
    await Promise.all(loads);
    expect(results.some(({ ok }) => ok)).toBe(true);
    expect(Math.max(...results.map(({ ms }) => ms))).toBeLessThan(1_000);
  });

  it('hung: refuses within the deadline, then at once, and is used again when it goes on', async () => {
    await store.set('gh:x', 'kept', 60_000);
    redis.pause();
    const startedAt = performance.now();
    await expect(store.get('gh:x')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(DEADLINE_MS - 1);
    await refusedInTime();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    redis.resume();
    await backWithin(5_000);
    expect(await store.get('gh:x')).toBe('kept');
  });

  it('hung for long: gives the client up, and is back soon after Redis is', async () => {
    const connectedAt = store.connectedAt();
    redis.pause();
    await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await sleep(5_000);
    await refusedInTime();
    redis.resume();
    await backWithin(5_000);
    expect(store.connectedAt()).toBeGreaterThan(connectedAt);
    await sleep(200);
    const watcher = createClient({ url: redis.url });
    await watcher.connect();
    expect(await watcher.clientList()).toHaveLength(2);
    await watcher.quit();
  });

  it('hung, then killed: is back after the restart', async () => {
    redis.pause();
    await refusedInTime();
    await redis.stop();
    await redis.restart();
    await backWithin(5_000);
  });

  it.each(BUDGETS)('hung: a reservation whose caller was refused is given back ($kind)', async (budget) => {
    const begin = (): Promise<unknown> => store.attemptBegin('gh:attempt:x', budget);
    await begin();
    await store.attemptEnd('gh:attempt:x', budget, 'right');
    redis.pause();
    const refused = await Promise.allSettled([begin(), begin(), begin()]);
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    redis.resume();
    await backWithin(5_000);
    await sleep(100);
    expect(await Promise.all([begin(), begin(), begin()])).toMatchObject(Array(3).fill({ allowed: true }));
  });

  it('half open: a connection that died without a word is replaced', async () => {
    const sockets: net.Socket[] = [];
    const proxy = net.createServer((socket) => {
      const upstream = net.connect(Number(new URL(redis.url).port), '127.0.0.1');
      sockets.push(socket, upstream);
      socket.pipe(upstream).pipe(socket);
      for (const side of [socket, upstream]) side.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    await store.close();
    const url = `redis://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`;
    store = await createRedisStateStore(
      { url, cluster: undefined, cache: undefined, commandTimeoutMs: DEADLINE_MS, connectTimeoutMs: 5_000 },
      clock,
    );
    for (const socket of sockets) socket.unpipe().pause();
    await refusedInTime();
    await backWithin(5_000);
    expect(await store.get('gh:x')).toBeNull();
    await store.close();
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });

  it('a password that is changed while it runs: refused until it is right again', async () => {
    const watcher = createClient({ url: redis.url });
    await watcher.connect();
    await watcher.configSet('requirepass', 'changed');
    await watcher.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
    await sleep(100);
    await refusedInTime();
    await watcher.configSet('requirepass', '');
    await backWithin(5_000);
    await watcher.quit();
  });

  it('wiped: answers as empty and knows its scripts again', async () => {
    await store.set('gh:x', 'old', 60_000);
    await store.consume('gh:rate:x', { limit: 1, windowMs: 60_000 });
    const watcher = createClient({ url: redis.url });
    await watcher.connect();
    await watcher.flushAll();
    await watcher.scriptFlush();
    await watcher.quit();
    expect(await store.get('gh:x')).toBeNull();
    expect((await store.consume('gh:rate:x', { limit: 1, windowMs: 60_000 })).allowed).toBe(true);
  });

  it('full: a refused write is a 503', async () => {
    const watcher = createClient({ url: redis.url });
    await watcher.connect();
    await watcher.configSet('maxmemory', '1');
    await expect(store.set('gh:x', 'x', 60_000)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(store.attemptBegin('gh:attempt:x', BUDGETS[1]!)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await watcher.quit();
  });

  it('a busy event loop is not taken for a slow Redis', async () => {
    const reading = store.get('gh:x');
    await new Promise((resolve) => setImmediate(resolve));
    const until = performance.now() + 2 * DEADLINE_MS;
    while (performance.now() < until);
    expect(await reading).toBeNull();
  });

  it('closes within its deadline while Redis hangs or is gone', async () => {
    redis.pause();
    const startedAt = performance.now();
    await store.close();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await refusedInTime();
  });

  it('a client of the application neither hangs nor ends the process, without a listener of its own', async () => {
    await store.close();
    const cache = await caching(redisStore, { url: redis.url });
    store = await createRedisStateStore(
      { url: undefined, cluster: undefined, cache, commandTimeoutMs: DEADLINE_MS, connectTimeoutMs: 5_000 },
      clock,
    );
    const connectedAt = store.connectedAt();
    redis.pause();
    await refusedInTime();
    redis.resume();
    await backWithin(5_000);
    await redis.stop();
    await refusedInTime();
    await redis.restart();
    await backWithin(5_000);
    expect(store.connectedAt()).toBeGreaterThan(connectedAt);
    await cache.store.client.quit();
  });
});
