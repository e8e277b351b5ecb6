import type { DataSource } from 'typeorm';
import { isLoopbackHost } from '../options/loopback.js';

/** Where the primary of a database is. Holds no user and no password. */
export interface DatabaseAddress {
  /** `host:port`, or a whole URL whose host is meant. `undefined`: a file, memory, or a socket of this machine. */
  readonly host: string | undefined;
  readonly loopback: boolean;
}

interface ServerOptions {
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly socketPath?: string;
  readonly replication?: { readonly master?: ServerOptions };
}

const SERVERS: readonly string[] = ['postgres', 'mysql', 'mariadb', 'cockroachdb', 'aurora-mysql', 'aurora-postgres'];

export function databaseAddress({ options }: DataSource): DatabaseAddress {
  if (!SERVERS.includes(options.type)) return { host: undefined, loopback: true };
  const asked = options as ServerOptions;
  const { url, host = 'localhost', port, socketPath } = asked.replication?.master ?? asked;
  if (url !== undefined && URL.canParse(url)) {
    const { host: named, hostname } = new URL(url);
    return named === '' ? { host: undefined, loopback: true } : { host: named, loopback: isLoopbackHost(hostname) };
  }
  // PostgreSQL takes a folder for the host of a socket.
  if (socketPath !== undefined || host.startsWith('/')) return { host: undefined, loopback: true };
  return { host: port === undefined ? host : `${host}:${port}`, loopback: isLoopbackHost(host) };
}
