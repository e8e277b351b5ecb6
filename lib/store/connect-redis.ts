import { setTimeout as setTimeoutAsync } from 'node:timers/promises';
import type { Clock } from '../common/clock.js';
import { StartUpError } from '../errors/start-up-error.js';
import type { HostCache } from '../options/auth-options.js';
import type { RedisSettings } from '../options/auth-settings.js';
import { connectCluster, shareCluster } from './cluster/connect-cluster.js';
import type { RedisClient, RedisClusterClient } from './redis-client.js';
import { RedisConnection } from './redis-connection.js';
import { failureReason, redisEndpoint } from './redis-endpoint.js';
import { connected, redisFactory } from './redis-factory.js';
import { RedisStateStore } from './redis-state-store.js';
import type { RedisTransport } from './redis-transport.js';
import { redisUnreachable } from './redis-unreachable.js';

const LOADING_RETRY_MS = 100;

/**
 * Connects within `connectTimeoutMs`, or throws a {@link StartUpError} that names the hosts, never user or password. A cache
 * of the application must hold a connected node-redis client or cluster; it is shared, watched and never closed.
 */
export async function createRedisStateStore(settings: RedisSettings, clock: Clock): Promise<RedisStateStore> {
  return new RedisStateStore(await connect(settings, clock));
}

async function connect(settings: RedisSettings, clock: Clock): Promise<RedisTransport> {
  const { cache, url, cluster, commandTimeoutMs, connectTimeoutMs } = settings;
  if (cache !== undefined) {
    const client = clientOf(cache);
    if ('masters' in client) return shareCluster(client, settings, clock);
    return answering(new RedisConnection(client, { commandTimeoutMs, clock }), connectTimeoutMs);
  }
  if (cluster !== undefined) return connectCluster(cluster, settings, clock);
  const make = await redisFactory();
  const makeClient = () => make(url === undefined ? {} : { url });
  const client = await firstClient(makeClient(), connectTimeoutMs);
  return answering(new RedisConnection(client, { commandTimeoutMs, clock, makeClient }), connectTimeoutMs);
}

async function firstClient(client: RedisClient, timeoutMs: number): Promise<RedisClient> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    return await connected(client, deadline.signal);
  } catch (error) {
    throw redisUnreachable(redisEndpoint(client.options).host, (error as Error).message);
  } finally {
    clearTimeout(timer);
  }
}

/** A server that asks for a password accepts connections without one and refuses every command. */
async function answering(connection: RedisConnection, timeoutMs: number): Promise<RedisConnection> {
  for (let leftMs = timeoutMs; ; leftMs -= LOADING_RETRY_MS) {
    try {
      await connection.ping();
      return connection;
    } catch (error) {
      const reason = failureReason((error as Error).cause);
      if (reason === 'LOADING' && leftMs > 0) {
        await setTimeoutAsync(LOADING_RETRY_MS);
        continue;
      }
      await connection.close();
      throw redisUnreachable(connection.endpoint.host, reason);
    }
  }
}

function clientOf(cache: HostCache): RedisClient | RedisClusterClient {
  const { client } = cache.store as { client?: Partial<RedisClient & RedisClusterClient> };
  if (typeof client?.sendCommand === 'function') {
    if (typeof client.isReady === 'boolean') return client as RedisClient;
    if (client.nodeByAddress instanceof Map && Array.isArray(client.masters)) return client as RedisClusterClient;
  }
  throw new StartUpError('Redis cannot be used', [
    'redis.cache: not a cache over a node-redis client. Make it with redisStore() or redisClusterStore() of ' +
      'cache-manager-redis-yet.',
  ]);
}
