import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedisCluster, type PrivateRedisCluster } from '../../../test/support/redis-cluster.js';
import { startRedis } from '../../../test/support/redis-server.js';
import { SystemClock } from '../../common/clock.js';
import { StartUpError } from '../../errors/start-up-error.js';
import { createRedisStateStore } from '../connect-redis.js';
import type { RedisStateStore } from '../redis-state-store.js';

const PASSWORD = 'marker-of-the-password';
const USER = 'marker-of-the-user';
const NOBODY = '127.0.0.1:1';

const connect = (cluster: readonly string[], connectTimeoutMs = 700): Promise<RedisStateStore> =>
  createRedisStateStore(
    { url: undefined, cluster, cache: undefined, commandTimeoutMs: 300, connectTimeoutMs },
    new SystemClock(),
  );

const expectRefusal = async (cluster: readonly string[], reason: string, connectTimeoutMs?: number): Promise<void> => {
  const begun = performance.now();
  const error = await connect(cluster, connectTimeoutMs).then(
    () => undefined,
    (thrown: unknown) => thrown as Error,
  );
  expect(error).toBeInstanceOf(StartUpError);
  const text = `${error!.stack} ${JSON.stringify(error)} ${String(error!.cause)}`;
  for (const address of cluster) expect(text).toContain(new URL(address).host);
  expect(text).toContain(`(${reason})`);
  expect(text).toContain('redis.cluster');
  expect(text).not.toContain(PASSWORD);
  expect(text).not.toContain(USER);
  expect(performance.now() - begun).toBeLessThan(2_000);
};

const withCredentials = (url: string): string => url.replace('redis://', `redis://${USER}:${PASSWORD}@`);

describe('connecting to a Redis Cluster at start', () => {
  let cluster: PrivateRedisCluster;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  it('nobody listens: an error within the deadline that names the hosts alone', () =>
    expectRefusal([`redis://${USER}:${PASSWORD}@${NOBODY}`, 'redis://127.0.0.1:2'], 'ECONNREFUSED'));

  it('something accepts and never answers: an error within the deadline', async () => {
    const server = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await expectRefusal([`redis://127.0.0.1:${(server.address() as AddressInfo).port}`], 'NO_ANSWER');
    // It closes only once the client has given its socket up.
    await new Promise((resolve) => server.close(resolve));
  });

  it('a Redis that is no cluster is refused without waiting', async () => {
    const redis = await startRedis();
    await expectRefusal([redis.url], 'NO_CLUSTER', 20_000);
    await redis.stop();
  });

  it('one node that answers is enough, whatever the others do', async () => {
    cluster.pause(0);
    const store = await connect([`redis://${NOBODY}`, cluster.urls[0]!, cluster.urls[1]!], 1_000);
    await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    cluster.resume(0);
    await cluster.untilWhole();
    await expect.poll(() => store.ping().then(() => 'back')).toBe('back');
    await store.close();
  });

  it('with user and password it connects to every node, and says so without telling them', async () => {
    const rules = ['acl', 'setuser', USER, 'on', `>${PASSWORD}`, '~gh:*', '+@all'];
    for (const index of [0, 1, 2]) await cluster.command(index, ...rules);
    for (const index of [0, 1, 2]) await cluster.command(index, 'acl', 'setuser', 'default', 'resetpass');
    const one = cluster.urls[0]!;
    await expectRefusal([one], 'NOAUTH', 20_000);
    await expectRefusal([one.replace('redis://', `redis://${USER}:wrong@`)], 'WRONGPASS', 20_000);
    const store = await connect([withCredentials(one)], 5_000);
    await store.ping();
    const diagnostics = await store.diagnostics();
    expect(diagnostics).toMatchObject({ authenticated: true, evictionPolicy: 'noeviction' });
    expect(JSON.stringify(diagnostics)).not.toMatch(`${PASSWORD}|${USER}`);
    await store.close();
  });
});
