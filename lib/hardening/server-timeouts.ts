import type { Server } from 'node:http';
import { MINUTE_MS, SECOND_MS } from '../common/duration.js';

/** What `node:http` has by itself. */
const NODE_HEADERS_MS = MINUTE_MS;
export const HEADERS_TIMEOUT_MS = 15 * SECOND_MS;
/** That of `node:http`, which Fastify switches off. */
export const REQUEST_TIMEOUT_MS = 5 * MINUTE_MS;

/** A client that sends a byte a minute holds its connection no longer than this. What the application has set stays. */
export function limitWaiting(server: Server): void {
  if (server.headersTimeout === NODE_HEADERS_MS) server.headersTimeout = HEADERS_TIMEOUT_MS;
  if (server.requestTimeout === 0) server.requestTimeout = REQUEST_TIMEOUT_MS;
}
