import { SECOND_MS } from '../common/duration.js';
import { inTime } from '../common/in-time.js';
import { AuthError } from '../errors/auth-error.js';

/** Longest time that a hook of the application may take. */
export const HOOK_DEADLINE_MS = 5 * SECOND_MS;

/** What the application's code answers, or 503 `STORE_UNAVAILABLE` when it does not answer in time. */
export async function withinDeadline<T>(work: () => T | Promise<T>, deadlineMs = HOOK_DEADLINE_MS): Promise<T> {
  const answer = work();
  return isThenable(answer) ? inTime(answer, deadlineMs, tooLate) : answer;
}

function isThenable<T>(answer: T | Promise<T>): answer is Promise<T> {
  return typeof (answer as Partial<Promise<T>> | null | undefined)?.then === 'function';
}

function tooLate(): never {
  throw new AuthError('STORE_UNAVAILABLE', { retryAfterMs: SECOND_MS, cause: new Error('hook deadline') });
}
