import { DAY_MS, MINUTE_MS, SECOND_MS } from '../common/duration.js';

const BACK_OFF_MS = [5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 10 * MINUTE_MS];
const LONGEST_BACK_OFF_MS = 30 * MINUTE_MS;
/** What a worker needs beside the transport: composing, rendering and the database, each within its own deadline. */
const ROOM_MS = 30 * SECOND_MS;

/** A mail is tried for this long. */
export const GIVE_UP_AFTER_MS = DAY_MS;

/** How long a transport may take for one mail: a few steps, each with the timeout of the options. */
export function sendDeadlineMs(timeoutMs: number): number {
  return 3 * timeoutMs;
}

/** How long a worker may have an entry: 60 s with the default timeout, and always longer than it can be busy with it. */
export function leaseMs(timeoutMs: number): number {
  return sendDeadlineMs(timeoutMs) + ROOM_MS;
}

/** The pause after the n-th failure. */
export function backOffMs(failures: number): number {
  return BACK_OFF_MS[failures - 1] ?? LONGEST_BACK_OFF_MS;
}
