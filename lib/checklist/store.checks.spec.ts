import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis, type PrivateRedis } from '../../test/support/redis-server.js';
import { SystemClock } from '../common/clock.js';
import { resolveSettings } from '../options/resolve-options.js';
import { createRedisStateStore } from '../store/connect-redis.js';
import { MemoryStateStore } from '../store/memory-state-store.js';
import { StateStore } from '../store/state-store.js';
import type { RedisDiagnostics } from '../store/redis-state-store.js';
import { StoreChecks } from './store.checks.js';

const clock = new SystemClock();
const memory = new MemoryStateStore(clock);

function run(id: string, store: StateStore, instances = 1) {
  const values = { secret: 's', baseUrl: 'https://api.example.com', instances };
  const settings = resolveSettings(values, { NODE_ENV: 'production' });
  return new StoreChecks(settings, store)
    .checks()
    .find((check) => check.id === id)!
    .run();
}

/** A store of an application's own, as far as the checklist looks at it. */
function ownStore(diagnostics?: Partial<RedisDiagnostics>): StateStore {
  const facts = { host: 'redis.example.com:6379', tls: true, authenticated: true, loopback: false, ...diagnostics };
  const members = diagnostics === undefined ? {} : { diagnostics: async () => facts };
  return Object.assign(Object.create(StateStore.prototype) as StateStore, { kind: 'shared' }, members);
}

describe('with Redis', () => {
  let redis: PrivateRedis;
  let store: Awaited<ReturnType<typeof createRedisStateStore>>;

  beforeAll(async () => {
    redis = await startRedis();
    const { url } = redis;
    store = await createRedisStateStore(
      { url, cluster: undefined, cache: undefined, commandTimeoutMs: 300, connectTimeoutMs: 5_000 },
      clock,
    );
  });

  afterAll(async () => {
    await store.close();
    await redis.stop();
  });

  async function policy(name: string): Promise<void> {
    const client = createClient({ url: redis.url });
    await client.connect();
    await client.sendCommand(['CONFIG', 'SET', 'maxmemory-policy', name]);
    await client.quit();
  }

  it('store.eviction fires when it evicts', async () => {
    await policy('volatile-lru');
    await expect(run('store.eviction', store)).resolves.toMatchObject({
      status: 'finding',
      evidence: { host: new URL(redis.url).host, policy: 'volatile-lru' },
      change: expect.stringContaining('noeviction'),
    });
  });

  it('every check is quiet when it evicts nothing and is on this machine', async () => {
    await policy('noeviction');
    for (const id of ['store.memory', 'store.memory-instances', 'store.eviction', 'store.transport']) {
      expect(await run(id, store, 3)).toEqual({ status: 'passed' });
    }
  });
});

describe('store.memory-instances', () => {
  it('fires on several instances', () => {
    expect(run('store.memory-instances', memory, 2)).toMatchObject({ status: 'finding', evidence: { instances: 2 } });
  });

  it('is quiet on one', () => {
    expect(run('store.memory-instances', memory)).toEqual({ status: 'passed' });
  });
});

it('store.memory fires on the memory of the process', () => {
  expect(run('store.memory', memory)).toMatchObject({ status: 'finding', evidence: { instances: 1 } });
});

describe('store.transport', () => {
  it.each([
    [{ tls: false }, { tls: false, authenticated: true }],
    [{ authenticated: false }, { tls: true, authenticated: false }],
  ])('fires on %o', async (facts, evidence) => {
    expect(await run('store.transport', ownStore(facts))).toMatchObject({
      status: 'finding',
      evidence: { host: 'redis.example.com:6379', ...evidence },
      change: expect.stringContaining('rediss://'),
    });
  });

  it('is quiet on TLS with a password, and on memory', async () => {
    expect(await run('store.transport', ownStore({}))).toEqual({ status: 'passed' });
    expect(await run('store.transport', memory)).toEqual({ status: 'passed' });
    expect(await run('store.eviction', memory)).toEqual({ status: 'passed' });
  });
});

it('what a store does not tell could not be checked', async () => {
  expect(await run('store.eviction', ownStore())).toMatchObject({ status: 'unchecked' });
  expect(await run('store.eviction', ownStore({}))).toMatchObject({ status: 'unchecked' });
  expect(await run('store.transport', ownStore())).toMatchObject({ status: 'unchecked' });
});
