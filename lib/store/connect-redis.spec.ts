import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis, type PrivateRedis } from '../../test/support/redis-server.js';
import { SystemClock } from '../common/clock.js';
import { StartUpError } from '../errors/start-up-error.js';
import { createRedisStateStore } from './connect-redis.js';

const PASSWORD = 'marker-of-the-password';
const USER = 'marker-of-the-user';

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

const refusal = async (url: string, connectTimeoutMs = 700): Promise<{ error: unknown; ms: number }> => {
  const startedAt = performance.now();
  const settings = { url, cluster: undefined, cache: undefined, commandTimeoutMs: 300, connectTimeoutMs };
  const error = await createRedisStateStore(settings, new SystemClock()).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, ms: performance.now() - startedAt };
};

const expectRefusal = (error: unknown, host: string, reason: string): void => {
  expect(error).toBeInstanceOf(StartUpError);
  const text = `${(error as Error).stack} ${JSON.stringify(error)} ${String((error as Error).cause)}`;
  expect(text).toContain(host);
  expect(text).toContain(`(${reason})`);
  expect(text).not.toContain(PASSWORD);
  expect(text).not.toContain(USER);
};

describe('connecting to Redis at start', () => {
  let redis: PrivateRedis;

  beforeAll(async () => {
    redis = await startRedis();
    const client = createClient({ url: redis.url });
    await client.connect();
    await client.configSet('requirepass', PASSWORD);
    await client.quit();
  });
  afterAll(() => redis.stop());

  it('nobody listens: an error within the deadline that names the host alone', async () => {
    const server = createServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const { error, ms } = await refusal(`redis://${USER}:${PASSWORD}@127.0.0.1:${port}/0`);
    expectRefusal(error, `127.0.0.1:${port}`, 'ECONNREFUSED');
    expect(ms).toBeLessThan(2_000);
  });

  it('something accepts and never answers: an error within the deadline', async () => {
    const server = createServer((socket) => socket.resume());
    const port = await listen(server);
    const { error, ms } = await refusal(`redis://${USER}:${PASSWORD}@127.0.0.1:${port}`);
    expectRefusal(error, `127.0.0.1:${port}`, 'NO_ANSWER');
    expect(ms).toBeLessThan(2_000);
    // It closes only once the client has given its socket up.
    await new Promise((resolve) => server.close(resolve));
  });

  it('a wrong password is refused without waiting', async () => {
    const { host } = new URL(redis.url);
    const { error, ms } = await refusal(redis.url.replace('redis://', `redis://:${USER}@`), 20_000);
    expectRefusal(error, host, 'WRONGPASS');
    expect(ms).toBeLessThan(5_000);
  });

  it('a missing password is found out, although Redis accepts the connection', async () => {
    const { error } = await refusal(redis.url);
    expectRefusal(error, new URL(redis.url).host, 'NOAUTH');
  });

  it('a Redis that comes up within the deadline is waited for', async () => {
    const late = await startRedis();
    await late.stop();
    const connecting = createRedisStateStore(
      { url: late.url, cluster: undefined, cache: undefined, commandTimeoutMs: 300, connectTimeoutMs: 10_000 },
      new SystemClock(),
    );
    await late.restart();
    const store = await connecting;
    await store.ping();
    await store.close();
    await late.stop();
  });

  it('with the password it connects, and says so without telling it', async () => {
    const url = redis.url.replace('redis://', `redis://:${PASSWORD}@`);
    const settings = { url, cluster: undefined, cache: undefined, commandTimeoutMs: 300, connectTimeoutMs: 5_000 };
    const store = await createRedisStateStore(settings, new SystemClock());
    const diagnostics = await store.diagnostics();
    expect(diagnostics.authenticated).toBe(true);
    expect(JSON.stringify(diagnostics)).not.toContain(PASSWORD);
    await store.close();
  });
});
