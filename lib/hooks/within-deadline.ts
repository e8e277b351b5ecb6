import { setTimeout as delay } from 'node:timers/promises';
import { SECOND_MS } from '../common/duration.js';
import { AuthError } from '../errors/auth-error.js';

/** Longest time that a hook of the application may take. */
export const HOOK_DEADLINE_MS = 5 * SECOND_MS;

/** What the application's code answers, or 503 `STORE_UNAVAILABLE` when it does not answer in time. */
export async function withinDeadline<T>(work: () => T | Promise<T>, deadlineMs = HOOK_DEADLINE_MS): Promise<T> {
  const timer = new AbortController();
  const expired = delay(deadlineMs, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new AuthError('STORE_UNAVAILABLE', { retryAfterMs: SECOND_MS, cause: new Error('hook deadline') });
  });
  try {
    return await Promise.race([Promise.resolve().then(work), expired]);
  } finally {
    timer.abort();
    expired.catch(() => undefined);
  }
}
