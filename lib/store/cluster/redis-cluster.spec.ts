import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { caching } from 'cache-manager';
import { redisClusterStore } from 'cache-manager-redis-yet';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startRedisCluster, type PrivateRedisCluster } from '../../../test/support/redis-cluster.js';
import { SystemClock } from '../../common/clock.js';
import type { RedisSettings } from '../../options/auth-settings.js';
import { createRedisStateStore } from '../connect-redis.js';
import type { RedisStateStore } from '../redis-state-store.js';
import { stateStoreContract } from '../state-store-contract.js';
import type { AttemptBudget, StateStore } from '../state-store.js';
import { slotOf } from './key-slot.js';

const BUCKET: AttemptBudget = { kind: 'bucket', limit: 5, refillMs: 60_000 };

const OPERATIONS: readonly ((store: StateStore) => Promise<unknown>)[] = [
  (store) => store.get('a'),
  (store) => store.getMany(['gh:{a}:v', 'gh:{a}:s']),
  (store) => store.set('b', '1', 60_000),
  (store) => store.setIfAbsent('c', '1', 60_000),
  (store) => store.take('d'),
  (store) => store.compareAndSet('b', '1', '2', 60_000),
  (store) => store.consume('e', { limit: 5, windowMs: 60_000 }),
  (store) => store.attemptBegin('f', BUCKET),
  (store) => store.attemptEnd('f', BUCKET, 'wrong'),
  (store) => store.delete('b'),
];

let cluster: PrivateRedisCluster;

beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(() => cluster.stop());

const settings = (some: Partial<RedisSettings> = {}): RedisSettings => ({
  url: undefined,
  cluster: cluster.urls,
  cache: undefined,
  commandTimeoutMs: 2_000,
  connectTimeoutMs: 5_000,
  ...some,
});
const connect = (some?: Partial<RedisSettings>): Promise<RedisStateStore> =>
  createRedisStateStore(settings(some), new SystemClock());

stateStoreContract(
  { describe, it },
  {
    name: 'RedisStateStore on a cluster',
    identifiers: 5_000,
    create: async () => {
      const store = await connect();
      return { store, advance: (ms) => sleep(ms), close: () => store.close() };
    },
  },
);

describe('RedisStateStore on a cluster', () => {
  beforeEach(() => cluster.flush());

  it('computes slots as the cluster does', async () => {
    for (const key of ['', 'a', '123456789', 'gh:{u}:v', '{}x', 'x{}{y}', '{a', 'a}{b}{c}', '{{a}}', 'ü🙂{é}']) {
      if (key !== '') expect(slotOf(key), key).toBe(Number(await cluster.command(0, 'cluster', 'keyslot', key)));
    }
    expect(slotOf('123456789')).toBe(0x31c3);
  });

  it('finds all nodes through one, and keeps keys on every one of them', async () => {
    const [one, other] = [await connect({ cluster: [cluster.urls[2]!] }), await connect()];
    const keys = Array.from({ length: 60 }, (_, index) => `gh:spread:${index}`);
    await Promise.all(keys.map((key) => one.set(key, key, 60_000)));
    expect(await Promise.all(keys.map((key) => other.get(key)))).toEqual(keys);
    for (const index of [0, 1, 2]) expect(Number(await cluster.command(index, 'dbsize'))).toBeGreaterThan(5);
    await one.close();
    await other.close();
  });

  it('sends one command an operation, to the one node that holds the key', async () => {
    const store = await connect();
    // The first round makes the servers know the scripts.
    for (const operation of OPERATIONS) await operation(store);
    const monitors = await Promise.all(cluster.urls.map((url) => monitor(url)));
    for (const operation of OPERATIONS) await operation(store);
    await store.ping();
    for (const { seen } of monitors) await vi.waitFor(() => expect(seen()).toContain('"gh:probe:'));
    const sent = monitors.flatMap(({ seen }) => seen().split('\n')).filter((line) => /^\+?\d+\.\d+ \[0 127/.test(line));
    expect(sent.filter((line) => !line.includes('gh:probe:'))).toHaveLength(OPERATIONS.length);
    expect(sent.filter((line) => line.includes('gh:probe:'))).toHaveLength(3);
    for (const { end } of monitors) end();
    await store.close();
  });

  it('knows its servers without knowing a secret; one that evicts is the finding', async () => {
    const store = await connect();
    const known = await store.diagnostics();
    expect(known).toMatchObject({ evictionPolicy: 'noeviction', tls: false, authenticated: false, loopback: true });
    await cluster.command(1, 'config', 'set', 'maxmemory-policy', 'allkeys-lru');
    const { host } = new URL(cluster.urls[1]!);
    expect(await store.diagnostics()).toMatchObject({ evictionPolicy: 'allkeys-lru', host });
    await cluster.command(1, 'config', 'set', 'maxmemory-policy', 'noeviction');
    await store.close();
  });

  it('uses the connections of a cluster client of the application and leaves them open', async () => {
    const cache = await caching(await redisClusterStore({ rootNodes: [{ url: cluster.urls[0]! }] }));
    const clients = await connections();
    const store = await connect({ cluster: undefined, cache });
    const keys = Array.from({ length: 20 }, (_, index) => `gh:shared:${index}`);
    await Promise.all(keys.map((key) => store.set(key, key, 60_000)));
    expect(await Promise.all(keys.map((key) => cache.store.client.get(key)))).toEqual(keys);
    expect(await connections()).toBe(clients);
    await store.close();
    await expect(store.get('gh:shared:1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await cache.store.client.get('gh:shared:1')).toBe('gh:shared:1');
    await cache.store.client.quit();
  });

  it('closes its own connections, and refuses afterwards', async () => {
    const before = await connections();
    const store = await connect();
    expect(await connections()).toBe(before + 3);
    await store.close();
    await vi.waitFor(async () => expect(await connections()).toBe(before));
    await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

async function connections(): Promise<number> {
  const lists = await Promise.all(cluster.urls.map((_, index) => cluster.command(index, 'client', 'list')));
  // The one that asks is a client too.
  return (
    lists
      .join('\n')
      .split('\n')
      .filter((line) => line.includes('lib-name=') || line.includes('cmd=')).length - 3
  );
}

async function monitor(url: string): Promise<{ seen: () => string; end: () => void }> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
  let seen = '';
  socket.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  socket.write('MONITOR\r\n');
  await vi.waitFor(() => expect(seen).toContain('+OK'));
  return { seen: () => seen, end: () => socket.destroy() };
}
