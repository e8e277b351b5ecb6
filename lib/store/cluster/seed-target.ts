import type { RedisTarget } from '../redis-factory.js';

const DEFAULT_PORT = 6379;

/** What a `redis://` or `rediss://` address says, in parts, so that other nodes can be reached in the same way. */
export function seedTarget(address: string): RedisTarget {
  const { protocol, hostname, port, username, password } = new URL(address);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    socket: {
      host: host === '' ? 'localhost' : host,
      port: port === '' ? DEFAULT_PORT : Number(port),
      ...(protocol === 'rediss:' ? { tls: true } : {}),
    },
  };
}
