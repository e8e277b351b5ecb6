import { SECOND_MS } from '../common/duration.js';
import { AuthError } from '../errors/auth-error.js';

/** A hash that was still waiting when its client went away. Nobody is left to read an answer. */
export class HashingAborted extends AuthError {
  constructor() {
    super('BUSY', { retryAfterMs: SECOND_MS, cause: new Error('The request ended before its password was hashed.') });
  }
}
