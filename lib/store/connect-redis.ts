import { setTimeout as setTimeoutAsync } from 'node:timers/promises';
import type { Clock } from '../common/clock.js';
import { StartUpError } from '../errors/start-up-error.js';
import type { HostCache } from '../options/auth-options.js';
import type { RedisSettings } from '../options/auth-settings.js';
import type { RedisClient } from './redis-client.js';
import { discardClient, RedisConnection } from './redis-connection.js';
import { failureReason, redisEndpoint } from './redis-endpoint.js';
import { RedisStateStore } from './redis-state-store.js';

/** Well within 5 s of its return a Redis that was away is found again, also when its address answers nothing at all. */
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1_000;
const SOCKET_TIMEOUT_MS = 2_000;
const LOADING_RETRY_MS = 100;

/**
 * Connects within `connectTimeoutMs`, or throws a {@link StartUpError} that names the host, never user or password. A cache
 * of the application must hold a connected node-redis client; it is shared, watched and never closed.
 */
export async function createRedisStateStore(settings: RedisSettings, clock: Clock): Promise<RedisStateStore> {
  const { cache, url, commandTimeoutMs, connectTimeoutMs } = settings;
  if (cache !== undefined) {
    const connection = new RedisConnection(clientOf(cache), { commandTimeoutMs, clock });
    return new RedisStateStore(await answering(connection, connectTimeoutMs));
  }
  const makeClient = await clientFactory(url);
  const client = await connected(makeClient(), connectTimeoutMs);
  const connection = new RedisConnection(client, { commandTimeoutMs, clock, makeClient });
  return new RedisStateStore(await answering(connection, connectTimeoutMs));
}

/** Loaded only here, so that an application without Redis does not pay for it. */
async function clientFactory(url: string | undefined): Promise<() => RedisClient> {
  const [{ createClient, ErrorReply }, { redisInsStore }] = await Promise.all([
    import('@redis/client'),
    import('cache-manager-redis-yet'),
  ]);
  let everReady = false;
  return () => {
    const reconnectStrategy = (retries: number, cause: Error): number | false => {
      // Before the first success a refused password or database is a wrong setting, and waiting does not mend it.
      if (!everReady && cause instanceof ErrorReply) return false;
      return Math.min(FIRST_RETRY_MS * 2 ** Math.min(retries, 10), LONGEST_RETRY_MS);
    };
    const socket = { connectTimeout: SOCKET_TIMEOUT_MS, reconnectStrategy };
    const client = createClient({ ...(url === undefined ? {} : { url }), disableOfflineQueue: true, socket });
    client.on('ready', () => (everReady = true));
    return redisInsStore(client as unknown as Parameters<typeof redisInsStore>[0]).client;
  };
}

async function connected(client: RedisClient, timeoutMs: number): Promise<RedisClient> {
  let reason = 'NO_ANSWER';
  let timer: NodeJS.Timeout | undefined;
  client.on('error', (error) => (reason = failureReason(error)));
  const deadline = new Promise<never>((_, reject) => (timer = setTimeout(reject, timeoutMs)));
  try {
    await Promise.race([client.connect(), deadline]);
    return client;
  } catch {
    discardClient(client);
    throw unreachable(redisEndpoint(client.options).host, reason);
  } finally {
    clearTimeout(timer);
  }
}

/** A server that asks for a password accepts connections without one and refuses every command. */
async function answering(connection: RedisConnection, timeoutMs: number): Promise<RedisConnection> {
  for (let leftMs = timeoutMs; ; leftMs -= LOADING_RETRY_MS) {
    try {
      await connection.run((client) => client.sendCommand(['PING']));
      return connection;
    } catch (error) {
      const reason = failureReason((error as Error).cause);
      if (reason === 'LOADING' && leftMs > 0) {
        await setTimeoutAsync(LOADING_RETRY_MS);
        continue;
      }
      await connection.close();
      throw unreachable(connection.endpoint.host, reason);
    }
  }
}

function unreachable(host: string, reason: string): StartUpError {
  return new StartUpError('Redis cannot be used', [
    `redis: nothing usable at ${host} (${reason}). Start Redis there, or correct redis.url.`,
  ]);
}

function clientOf(cache: HostCache): RedisClient {
  const { client } = cache.store as { client?: Partial<RedisClient> };
  if (typeof client?.sendCommand === 'function' && typeof client.isReady === 'boolean') return client as RedisClient;
  throw new StartUpError('Redis cannot be used', [
    'redis.cache: not a cache over one node-redis client. Make it with redisStore() of cache-manager-redis-yet.',
  ]);
}
