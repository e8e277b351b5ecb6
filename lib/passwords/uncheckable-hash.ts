import { MINUTE_MS } from '../common/duration.js';
import { AuthError } from '../errors/auth-error.js';

/**
 * A stored hash that this process has not the means to check: its pepper or a package is missing. A fault of the
 * deployment, so 503 and no verdict: a right password must never count as a wrong one.
 */
export class UncheckableHash extends AuthError {
  /** @param reason What to put right, for the log. */
  constructor(readonly reason: string) {
    super('STORE_UNAVAILABLE', { retryAfterMs: MINUTE_MS, cause: new Error(reason) });
  }
}
