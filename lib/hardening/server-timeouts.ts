import type { Server } from 'node:http';
import { MINUTE_MS } from '../common/duration.js';

/** That of `node:http`, which Fastify switches off. */
export const REQUEST_TIMEOUT_MS = 5 * MINUTE_MS;

/**
 * A client that sends a byte a minute holds its connection no longer than this. What the application has set stays. The time
 * for headers stays that of `node:http`, a minute: it runs from the connection on, and browsers open theirs long before
 * they ask for anything.
 */
export function limitWaiting(server: Server): void {
  if (server.requestTimeout === 0) server.requestTimeout = REQUEST_TIMEOUT_MS;
}
