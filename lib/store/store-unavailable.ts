import { AuthError } from '../errors/auth-error.js';

const RETRY_AFTER_MS = 1_000;

/** The 503 of a state store that could not carry out an operation. The cause reaches the log only. */
export function storeUnavailable(cause: unknown): AuthError {
  return new AuthError('STORE_UNAVAILABLE', { retryAfterMs: RETRY_AFTER_MS, cause });
}
