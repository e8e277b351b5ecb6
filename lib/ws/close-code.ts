import type { TransportBody } from '../access/transport-errors.js';

/** Codes from 4000 on are the application's own (RFC 6455 §7.4.2): 4000 and the HTTP status, such as 4401. */
export function closeCode({ statusCode }: TransportBody): number {
  return 4000 + statusCode;
}
