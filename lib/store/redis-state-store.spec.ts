import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { caching } from 'cache-manager';
import { redisStore } from 'cache-manager-redis-yet';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startRedis, type PrivateRedis } from '../../test/support/redis-server.js';
import { SystemClock } from '../common/clock.js';
import type { RedisSettings } from '../options/auth-settings.js';
import { createRedisStateStore } from './connect-redis.js';
import type { RedisStateStore } from './redis-state-store.js';
import { stateStoreContract } from './state-store-contract.js';
import type { AttemptBudget, StateStore } from './state-store.js';

const settings = (url: string): RedisSettings => ({
  url,
  cluster: undefined,
  cache: undefined,
  commandTimeoutMs: 2_000,
  connectTimeoutMs: 5_000,
});

const BUCKET: AttemptBudget = { kind: 'bucket', limit: 5, refillMs: 60_000 };
const LOCKOUT: AttemptBudget = {
  kind: 'lockout',
  limit: 5,
  windowMs: 60_000,
  lockMs: 60_000,
  maxLockMs: 60_000,
  roundsRememberedMs: 60_000,
};

/** By the command that each one is. */
const OPERATIONS: Readonly<Record<string, (store: StateStore) => Promise<unknown>>> = {
  GET: (store) => store.get('a'),
  MGET: (store) => store.getMany(['{a}1', '{a}2']),
  'SET always': (store) => store.set('b', '1', 60_000),
  'SET if absent': (store) => store.setIfAbsent('c', '1', 60_000),
  GETDEL: (store) => store.take('a'),
  'EVALSHA compareAndSet': (store) => store.compareAndSet('b', '1', '2', 60_000),
  'EVALSHA consume': (store) => store.consume('d', { limit: 5, windowMs: 60_000 }),
  'EVALSHA bucket begin': (store) => store.attemptBegin('e', BUCKET),
  'EVALSHA bucket end': (store) => store.attemptEnd('e', BUCKET, 'wrong'),
  'EVALSHA lockout begin': (store) => store.attemptBegin('f', LOCKOUT),
  'EVALSHA lockout end': (store) => store.attemptEnd('f', LOCKOUT, 'wrong'),
  DEL: (store) => store.delete('b'),
  PING: (store) => store.ping(),
};

let redis: PrivateRedis;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const connect = (): Promise<RedisStateStore> => createRedisStateStore(settings(redis.url), new SystemClock());

stateStoreContract(
  { describe, it },
  {
    name: 'RedisStateStore',
    identifiers: 10_000,
    create: async () => {
      const store = await connect();
      return { store, advance: (ms) => sleep(ms), close: () => store.close() };
    },
  },
);

describe('RedisStateStore', () => {
  it('shares one state between two nodes', async () => {
    const [one, other] = [await connect(), await connect()];
    await one.set('gh:{u}:v', 'version', 60_000);
    expect(await other.getMany(['gh:{u}:v'])).toEqual(['version']);
    const takers = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? one : other).take('gh:{u}:v'));
    expect((await Promise.all(takers)).filter((value) => value !== null)).toEqual(['version']);
    await one.close();
    await other.close();
  });

  it('sends one command an operation, and stores no key without an end', async () => {
    const store = await connect();
    const watcher = createClient({ url: redis.url });
    await watcher.connect();
    await watcher.flushDb();
    // The first round makes the server know the scripts.
    for (const operation of Object.values(OPERATIONS)) await operation(store);

    const monitor = net.connect(Number(new URL(redis.url).port), '127.0.0.1');
    let seen = '';
    monitor.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    monitor.write('MONITOR\r\n');
    await vi.waitFor(() => expect(seen).toContain('+OK'));
    for (const operation of Object.values(OPERATIONS)) await operation(store);
    await vi.waitFor(() => expect(seen).toContain('"PING"'));
    monitor.destroy();
    const sent = [...seen.matchAll(/ \[0 127\.0\.0\.1:\d+\] "(\w+)"/g)].map(([, name]) => name);
    expect(sent).toEqual(Object.keys(OPERATIONS).map((name) => name.split(' ')[0]));

    const keys = await watcher.keys('*');
    expect(keys.sort()).toEqual(['c', 'd', 'e', 'f']);
    for (const key of keys) expect(await watcher.pTTL(key), key).toBeGreaterThan(0);
    await watcher.quit();
    await store.close();
  });

  it('knows its server without knowing a secret', async () => {
    const store = await connect();
    const { host } = new URL(redis.url);
    expect(await store.diagnostics()).toEqual({
      evictionPolicy: 'noeviction',
      tls: false,
      authenticated: false,
      loopback: true,
      host,
    });
    await store.close();
  });

  it('uses the connection of a cache of the application and leaves it open', async () => {
    const cache = await caching(redisStore, { url: redis.url });
    const store = await createRedisStateStore({ ...settings(redis.url), url: undefined, cache }, new SystemClock());
    await store.set('gh:shared', 'x', 60_000);
    expect(await cache.store.client.get('gh:shared')).toBe('x');
    await store.close();
    await expect(store.get('gh:shared')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await cache.store.client.ping()).toBe('PONG');
    await cache.store.client.quit();
  });

  it('refuses a cache that is not over Redis', async () => {
    const cache = await caching('memory');
    await expect(createRedisStateStore({ ...settings(redis.url), cache }, new SystemClock())).rejects.toThrow(
      'redis.cache: not a cache over a node-redis client',
    );
  });

  it('closes its own connection, and refuses afterwards', async () => {
    const store = await connect();
    const watcher = createClient({ url: redis.url });
    await watcher.connect();
    const connections = async (): Promise<number> => (await watcher.clientList()).length;
    const before = await connections();
    await store.close();
    expect(await connections()).toBe(before - 1);
    await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await watcher.quit();
  });
});
