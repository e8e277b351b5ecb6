import { isAwaited, type Awaitable } from '../common/awaitable.js';
import { SECOND_MS } from '../common/duration.js';
import { inTime } from '../common/in-time.js';
import { AuthError } from '../errors/auth-error.js';

/** Longest time that a hook of the application may take. */
export const HOOK_DEADLINE_MS = 5 * SECOND_MS;

/** What the application's code answers, or 503 `STORE_UNAVAILABLE` when it does not answer in time. */
export async function withinDeadline<T>(work: () => Awaitable<T>, deadlineMs = HOOK_DEADLINE_MS): Promise<T> {
  const answer = work();
  return isAwaited(answer) ? inTime(answer, deadlineMs, tooLate) : answer;
}

function tooLate(): never {
  throw new AuthError('STORE_UNAVAILABLE', { retryAfterMs: SECOND_MS, cause: new Error('hook deadline') });
}
