import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startRedisCluster, type PrivateRedisCluster } from '../../../test/support/redis-cluster.js';
import { SystemClock } from '../../common/clock.js';
import { createRedisStateStore } from '../connect-redis.js';
import type { RedisStateStore } from '../redis-state-store.js';
import type { LockoutBudget } from '../state-store.js';

const BUDGET: LockoutBudget = {
  kind: 'lockout',
  limit: 3,
  windowMs: 900_000,
  lockMs: 60_000,
  maxLockMs: 60_000,
  roundsRememberedMs: 120_000,
};

describe('RedisStateStore while a slot moves to another node', () => {
  let cluster: PrivateRedisCluster;
  let store: RedisStateStore;
  let from: number;
  let to: number;
  let slot: string;
  const ids: string[] = [];
  const keys = { there: 'gh:{move}:v', moved: 'gh:{move}:s', fresh: 'gh:{move}:new', attempt: 'gh:attempt:{move}' };

  beforeAll(async () => {
    cluster = await startRedisCluster();
    store = await createRedisStateStore(
      { url: undefined, cluster: cluster.urls, cache: undefined, commandTimeoutMs: 300, connectTimeoutMs: 5_000 },
      new SystemClock(),
    );
    for (const index of [0, 1, 2]) ids.push(await cluster.command(index, 'cluster', 'myid'));
    slot = await cluster.command(0, 'cluster', 'keyslot', '{move}');
    from = await cluster.ownerOf('{move}');
    to = (from + 1) % 3;
    await store.set(keys.there, 'v', 60_000);
    await store.set(keys.moved, 's', 60_000);
    await store.attemptBegin(keys.attempt, BUDGET);
    await cluster.command(to, 'cluster', 'setslot', slot, 'importing', ids[from]!);
    await cluster.command(from, 'cluster', 'setslot', slot, 'migrating', ids[to]!);
  });
  afterAll(async () => {
    await store.close();
    await cluster.stop();
  });

  const migrate = (...names: string[]): Promise<string> => {
    const { port } = new URL(cluster.urls[to]!);
    return cluster.command(from, 'migrate', '127.0.0.1', port, '', '0', '1000', 'keys', ...names);
  };

  it('follows each key to where it is, and makes new ones where they will be', async () => {
    const connectedAt = store.connectedAt();
    expect(await store.get(keys.there)).toBe('v');
    expect(await migrate(keys.moved)).toBe('OK');
    expect(await store.get(keys.moved)).toBe('s');
    expect(await store.setIfAbsent(keys.fresh, 'new', 60_000)).toBe(true);
    expect(await store.compareAndSet(keys.fresh, 'new', 'newer', 60_000)).toBe(true);
    expect(await store.take(keys.fresh)).toBe('newer');
    const atOnce = await Promise.all(Array.from({ length: 50 }, () => store.get(keys.moved)));
    expect(new Set(atOnce)).toEqual(new Set(['s']));
    expect(store.connectedAt()).toBe(connectedAt);
  });

  it('waits while the keys of one command are apart, and refuses in time when they stay so', async () => {
    const begun = performance.now();
    await expect(store.getMany([keys.there, keys.moved])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(performance.now() - begun).toBeLessThan(1_000);
    const waiting = store.getMany([keys.there, keys.moved]);
    await sleep(50);
    expect(await migrate(keys.there)).toBe('OK');
    expect(await waiting).toEqual(['v', 's']);
  });

  it('goes on counting an attempt that began before, and takes the new owner for good', async () => {
    expect(await migrate(keys.attempt)).toBe('OK');
    expect(await store.attemptEnd(keys.attempt, BUDGET, 'wrong')).toEqual({ lockedForMs: 0 });
    const connectedAt = store.connectedAt();
    for (const index of [to, from, 3 - to - from]) {
      await cluster.command(index, 'cluster', 'setslot', slot, 'node', ids[to]!);
    }
    expect(await store.get(keys.there)).toBe('v');
    expect(store.connectedAt()).toBeGreaterThan(connectedAt);
    await store.attemptBegin(keys.attempt, BUDGET);
    await store.attemptEnd(keys.attempt, BUDGET, 'wrong');
    await store.attemptBegin(keys.attempt, BUDGET);
    expect(await store.attemptEnd(keys.attempt, BUDGET, 'wrong')).toEqual({ lockedForMs: BUDGET.lockMs });
  });

  it('refuses a slot that nobody holds, and learns without being asked who takes it', async () => {
    const nodes = [0, 1, 2];
    for (const index of nodes) await cluster.command(index, 'cluster', 'delslots', slot);
    const refused = { code: 'STORE_UNAVAILABLE' };
    await expect(store.get(keys.there)).rejects.toMatchObject(refused);
    await vi.waitFor(() => expect(store.ping()).rejects.toMatchObject({ ...refused, cause: { code: 'CLUSTERDOWN' } }));
    const connectedAt = store.connectedAt();
    await cluster.command(from, 'cluster', 'addslots', slot);
    await vi.waitFor(() => expect(store.connectedAt()).toBeGreaterThan(connectedAt), 5_000);
    await cluster.untilWhole();
    expect(await store.setIfAbsent(keys.fresh, 'new', 60_000)).toBe(true);
  });
});
