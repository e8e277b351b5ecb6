import type { ParsedJws } from './jws.js';
import type { TokenKey } from './token-keys.js';

/** What stands for a request inside the private Passport: a token, and the key that is to verify it. */
export interface TokenRequest {
  readonly token: string;
  readonly jws: ParsedJws;
  readonly key: TokenKey;
}
