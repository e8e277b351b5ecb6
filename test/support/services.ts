import { createClient } from '@redis/client';
import { inject } from 'vitest';
import { createDatabase, findChromium, howToGet, type ServiceName } from '../../tools/lib/services.mjs';

/** URL of a new, empty PostgreSQL database. It is removed after the run. */
export async function postgresUrl(): Promise<string> {
  return createDatabase(await addressOf('postgres'), inject('databasePrefix'));
}

/** URL of a new, empty MariaDB database. It is removed after the run. */
export async function mariadbUrl(): Promise<string> {
  return createDatabase(await addressOf('mariadb'), inject('databasePrefix'));
}

/**
 * URL of an empty Redis database that no other spec uses: the number is in the URL. Whatever else a server shares
 * (statistics, MONITOR, channels, FLUSHALL) is shared; use `startRedis()` of `redis-server.ts` for that.
 */
export async function redisUrl(): Promise<string> {
  const server = await addressOf('redis');
  const client = createClient({ url: server, socket: { reconnectStrategy: false } });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { databases } = await client.configGet('databases');
    const count = Number(databases);
    if (!(count > 1)) throw new Error(`Redis at ${new URL(server).host} has one database: the tests need several`);
    // Database 0 holds the counter alone. A server with few databases hands out the oldest again.
    const index = 1 + ((await client.incr('gatehouse:test:databases')) % (count - 1));
    await client.select(index);
    await client.flushDb();
    const fresh = new URL(server);
    fresh.pathname = `/${index}`;
    return fresh.href;
  } finally {
    await client.disconnect();
  }
}

/** Path of a Chromium or Chrome to give to `playwright-core` as `executablePath`. */
export function chromiumPath(): string {
  const found = findChromium();
  if (found === undefined) throw new Error(howToGet('chromium'));
  return found;
}

/** Flags that Chromium needs to run in a container, and to leave the network alone. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

async function addressOf(service: ServiceName): Promise<string> {
  const response = await fetch(inject('serviceBroker') + service);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}
