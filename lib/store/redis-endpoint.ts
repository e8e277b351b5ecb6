import { isLoopbackHost } from '../options/loopback.js';
import type { RedisClientFacts } from './redis-client.js';

const DEFAULT_PORT = 6379;

/** Where a connection goes and how it is protected. Holds no user and no password. */
export interface RedisEndpoint {
  /** `host:port`, or the path of a Unix socket. */
  readonly host: string;
  readonly tls: boolean;
  readonly authenticated: boolean;
  /** Whether the connection stays on this machine. */
  readonly loopback: boolean;
}

interface SocketFacts {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly tls?: boolean;
}

export function redisEndpoint(facts: RedisClientFacts | undefined): RedisEndpoint {
  const { host = 'localhost', port = DEFAULT_PORT, path, tls = false } = (facts?.socket ?? {}) as SocketFacts;
  return {
    host: path ?? `${host}:${port}`,
    tls,
    authenticated: Boolean(facts?.password),
    loopback: path !== undefined || isLoopbackHost(host),
  };
}

/** A word for the log that cannot carry an address or a secret: an error code or the first word of a Redis reply. */
export function failureReason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = (error as NodeJS.ErrnoException).code;
  return code ?? /^[A-Z]{2,}/.exec(error.message)?.[0] ?? error.constructor.name;
}
