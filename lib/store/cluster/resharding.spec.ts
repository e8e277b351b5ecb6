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

  const connect = (commandTimeoutMs: number): Promise<RedisStateStore> =>
    createRedisStateStore(
      { url: undefined, cluster: cluster.urls, cache: undefined, commandTimeoutMs, connectTimeoutMs: 5_000 },
      new SystemClock(),
    );

  beforeAll(async () => {
    cluster = await startRedisCluster();
    store = await connect(300);
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
    const patient = await connect(10_000);
    const waiting = patient.getMany([keys.there, keys.moved]);
    // Long enough to be told to try again more often than a command is redirected.
    await sleep(300);
    expect(await migrate(keys.there)).toBe('OK');
    expect(await waiting).toEqual(['v', 's']);
    await patient.close();
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

  /**
   * Until no node knows an owner. The one that held the slot goes first: its heartbeats tell the others again what they
   * have forgotten, and one that was under way still does so afterwards.
   */
  const disown = async (): Promise<void> => {
    const nodes = [to, from, 3 - to - from];
    for (let quiet = 0; quiet < 3; quiet += 1) {
      for (const index of nodes) {
        if ((await cluster.ownerOf('{move}', index)) === -1) continue;
        await cluster.command(index, 'cluster', 'delslots', slot);
        quiet = 0;
      }
      await sleep(50);
    }
  };

  it('refuses a slot that nobody holds, and learns without being asked who takes it', async () => {
    await disown();
    const refused = { code: 'STORE_UNAVAILABLE' };
    await expect(store.get(keys.there)).rejects.toMatchObject(refused);
    const unserved = { ...refused, cause: { code: 'CLUSTERDOWN' } };
    await vi.waitFor(() => expect(store.ping()).rejects.toMatchObject(unserved), 10_000);
    const connectedAt = store.connectedAt();
    await cluster.command(from, 'cluster', 'addslots', slot);
    await vi.waitFor(() => expect(store.connectedAt()).toBeGreaterThan(connectedAt), 10_000);
    await cluster.untilWhole();
    expect(await store.setIfAbsent(keys.fresh, 'new', 60_000)).toBe(true);
  });
});
