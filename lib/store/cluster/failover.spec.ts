import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { caching } from 'cache-manager';
import { redisClusterStore } from 'cache-manager-redis-yet';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startRedisCluster, type PrivateRedisCluster } from '../../../test/support/redis-cluster.js';
import { SystemClock } from '../../common/clock.js';
import type { RedisSettings } from '../../options/auth-settings.js';
import { createRedisStateStore } from '../connect-redis.js';
import type { RedisStateStore } from '../redis-state-store.js';

const NODE_TIMEOUT_MS = 1_000;
/** A node counts as gone after its timeout; replicas then wait 0.5 to 1 s, and the majority votes. */
const ELECTED_WITHIN_MS = 2 * NODE_TIMEOUT_MS + 2_000;
const RECOVERED_WITHIN_MS = 5_000;
const KEY = 'gh:{failover}:v';

describe('RedisStateStore when a replica takes over', () => {
  let cluster: PrivateRedisCluster;
  let store: RedisStateStore;

  const connect = (some: Partial<RedisSettings> = {}): Promise<RedisStateStore> =>
    createRedisStateStore(
      {
        url: undefined,
        cluster: cluster.urls,
        cache: undefined,
        commandTimeoutMs: 300,
        connectTimeoutMs: 5_000,
        ...some,
      },
      new SystemClock(),
    );

  beforeAll(async () => {
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    cluster = await startRedisCluster({ replicas: 1, nodeTimeoutMs: NODE_TIMEOUT_MS });
  });
  beforeEach(async () => {
    await cluster.untilWhole();
    await cluster.flush();
    store = await connect();
  });
  afterEach(() => store.close());
  afterAll(async () => {
    vi.restoreAllMocks();
    await cluster.stop();
  });

  /** The replica that now follows this master. */
  const replicaOf = async (master: number): Promise<number> => {
    const id = await cluster.command(master, 'cluster', 'myid');
    const line = (await cluster.command(master, 'cluster', 'replicas', id)).split('\n')[0]!;
    const [, port] = /:(\d+)@/.exec(line)!;
    return cluster.urls.findIndex((url) => new URL(url).port === port);
  };
  const elected = async (former: number, through: number): Promise<number> => {
    const begun = performance.now();
    while ([former, -1].includes(await cluster.ownerOf(KEY, through))) {
      expect(performance.now() - begun).toBeLessThan(ELECTED_WITHIN_MS);
      await sleep(20);
    }
    return performance.now();
  };
  const answeredSince = async (since: number, ask: () => Promise<unknown>): Promise<void> => {
    const call = (): Promise<boolean> =>
      ask().then(
        () => true,
        () => false,
      );
    while (!(await call())) {
      expect(performance.now() - since).toBeLessThan(RECOVERED_WITHIN_MS);
      await sleep(20);
    }
  };
  const backSince = async (since: number): Promise<void> => {
    await answeredSince(since, () => store.set(KEY, 'again', 60_000));
    await store.ping();
  };

  it('in good order: nothing is refused, and nothing older is believed', async () => {
    await store.set(KEY, 'before', 60_000);
    const master = await cluster.ownerOf(KEY);
    const connectedAt = store.connectedAt();
    const replica = await replicaOf(master);
    await cluster.command(replica, 'cluster', 'failover');
    const refused: unknown[] = [];
    const until = performance.now() + ELECTED_WITHIN_MS;
    while (store.connectedAt() === connectedAt && performance.now() < until) {
      // A master that hands over holds its clients up for a moment.
      expect(await store.get(KEY).catch((error: unknown) => refused.push(error) && 'before')).toBe('before');
    }
    expect(store.connectedAt()).toBeGreaterThan(connectedAt);
    expect(await cluster.ownerOf(KEY)).toBe(replica);
    expect(refused.length).toBeLessThan(3);
    await backSince(performance.now());
  });

  it('a killed master: served by its replica, and by it again once it is back', async () => {
    await store.set(KEY, 'before', 60_000);
    await cluster.command(await cluster.ownerOf(KEY), 'wait', '1', '1000');
    const [master, connectedAt] = [await cluster.ownerOf(KEY), store.connectedAt()];
    const through = (master + 1) % 3;
    await cluster.kill(master);
    await expect(store.get(KEY)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await backSince(await elected(master, through));
    expect(store.connectedAt()).toBeGreaterThan(connectedAt);
    await cluster.restart(master);
    await cluster.untilWhole();
    expect(await store.get(KEY)).toBe('again');
  });

  it('a hung master: served by its replica, also after the master goes on', async () => {
    await store.set(KEY, 'before', 60_000);
    const [master, connectedAt] = [await cluster.ownerOf(KEY), store.connectedAt()];
    cluster.pause(master);
    await expect(store.get(KEY)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await backSince(await elected(master, (master + 1) % 6));
    expect(store.connectedAt()).toBeGreaterThan(connectedAt);
    cluster.resume(master);
    await cluster.untilWhole();
    expect(await store.get(KEY)).toBe('again');
  });

  it('a store that slept through it hears of it from the first command, before the answer', async () => {
    await store.set(KEY, 'before', 60_000);
    const master = await cluster.ownerOf(KEY);
    await cluster.command(await replicaOf(master), 'cluster', 'failover');
    await elected(master, master);
    await sleep(300);
    const connectedAt = store.connectedAt();
    expect(await store.get(KEY)).toBe('before');
    expect(store.connectedAt()).toBeGreaterThan(connectedAt);
  });

  it.each([false, true])('a cluster client of the application, reading from replicas: %s', async (useReplicas) => {
    await store.close();
    const cache = await caching(await redisClusterStore({ rootNodes: [{ url: cluster.urls[0]! }], useReplicas }));
    store = await connect({ cluster: undefined, cache });
    await store.set(KEY, 'before', 60_000);
    const master = await cluster.ownerOf(KEY);
    await cluster.kill(master);
    await backSince(await elected(master, (master + 1) % 6));
    expect(await store.take(KEY)).toBe('again');
    await cluster.restart(master);
    await cluster.untilWhole();
    // The promoted node becomes a replica again, and must not answer as one.
    const promoted = await cluster.ownerOf(KEY);
    await store.ping();
    const connectedAt = store.connectedAt();
    await cluster.command(master, 'cluster', 'failover');
    await answeredSince(await elected(promoted, promoted), () => store.get(KEY));
    expect(store.connectedAt()).toBeGreaterThan(connectedAt);
    // What the application's client itself makes of it is its own affair.
    await cache.store.client.disconnect().catch(() => undefined);
  });
});
