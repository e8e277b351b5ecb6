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

/** A server that has just been started, and refuses every command until it has read its file. */
async function loadingServer(refusals: number): Promise<{ server: Server; url: string }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      for (const command of data.toString().split(/(?=\*\d)/)) {
        if (!command.includes('PING')) socket.write('+OK\r\n');
        else if ((refusals -= 1) < 0) socket.write('+PONG\r\n');
        else socket.write('-LOADING Redis is loading the dataset in memory\r\n');
      }
    });
  });
  return { server, url: `redis://127.0.0.1:${await listen(server)}` };
}

describe('a Redis that is loading its data at start', () => {
  it('is waited for', async () => {
    const { server, url } = await loadingServer(2);
    const settings = { url, cluster: undefined, cache: undefined, commandTimeoutMs: 300, connectTimeoutMs: 5_000 };
    const store = await createRedisStateStore(settings, new SystemClock());
    expect(store.kind).toBe('shared');
    await store.close();
    server.close();
  });

  it('is waited for no longer than any other', async () => {
    const { server, url } = await loadingServer(Infinity);
    const { error, ms } = await refusal(url, 700);
    expectRefusal(error, '127.0.0.1', 'LOADING');
    expect(ms).toBeGreaterThan(600);
    expect(ms).toBeLessThan(2_500);
    server.close();
  });
});

it('a cache that is over no client of node-redis is refused by the name of its option', async () => {
  for (const client of [
    undefined,
    {},
    { sendCommand: () => undefined },
    { sendCommand: () => undefined, masters: [] },
  ]) {
    const cache = { store: { client } } as never;
    const settings = { url: undefined, cluster: undefined, cache, commandTimeoutMs: 300, connectTimeoutMs: 300 };
    const refused = createRedisStateStore(settings, new SystemClock());
    await expect(refused).rejects.toThrow(
      /redis\.cache: not a cache over a node-redis client.*cache-manager-redis-yet/s,
    );
  }
});
