import { abortable } from './abortable.js';
import type { RedisClient } from './redis-client.js';
import { discardClient } from './redis-connection.js';
import { failureReason } from './redis-endpoint.js';

/** Well within 5 s of its return a Redis that was away is found again, also when its address answers nothing at all. */
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1_000;
const SOCKET_TIMEOUT_MS = 2_000;

/** Where a client connects to and as whom. */
export interface RedisTarget {
  readonly url?: string;
  readonly username?: string;
  readonly password?: string;
  readonly socket?: object;
}

export type MakeClient = (target: RedisTarget) => RedisClient;

/** Loads the drivers, so that an application without Redis does not pay for them. Clients come unconnected. */
export async function redisFactory(): Promise<MakeClient> {
  const [{ createClient, ErrorReply }, { redisInsStore }] = await Promise.all([
    import('@redis/client'),
    import('cache-manager-redis-yet'),
  ]);
  let everReady = false;
  return (target) => {
    const reconnectStrategy = (retries: number, cause: Error): number | false => {
      // Before the first success a refused password or database is a wrong setting, and waiting does not mend it.
      if (!everReady && cause instanceof ErrorReply) return false;
      return Math.min(FIRST_RETRY_MS * 2 ** Math.min(retries, 10), LONGEST_RETRY_MS);
    };
    const socket = { ...target.socket, connectTimeout: SOCKET_TIMEOUT_MS, reconnectStrategy };
    const client = createClient({ ...target, disableOfflineQueue: true, socket });
    client.on('ready', () => (everReady = true));
    return redisInsStore(client as unknown as Parameters<typeof redisInsStore>[0]).client;
  };
}

/** Connects, or gives the client up when the signal comes first. The message of the error is one safe word. */
export async function connected(client: RedisClient, signal: AbortSignal): Promise<RedisClient> {
  let reason = 'NO_ANSWER';
  client.on('error', (error) => (reason = failureReason(error)));
  try {
    await abortable(client.connect(), signal);
    return client;
  } catch {
    discardClient(client);
    throw new Error(reason);
  }
}
