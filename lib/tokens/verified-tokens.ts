import type { AccessClaims } from './access-claims.js';
import type { TokenKey } from './token-keys.js';

interface Entry {
  readonly claims: AccessClaims;
  readonly key: TokenKey;
}

/** About 10 MB when full. */
const MOST_TOKENS = 5_000;

/**
 * Tokens whose signature has been verified, so that one is computed once in the life of a token. The text of a token is
 * its only key. What has a second spelling, such as an ES256 signature with S negated, is verified once more and stands here
 * twice: nothing is ever refused by the text of a token.
 */
export class VerifiedTokens {
  private readonly entries = new Map<string, Entry>();

  get(token: string): Entry | undefined {
    return this.entries.get(token);
  }

  /** When full, the token that was verified first makes room. */
  add(token: string, entry: Entry): void {
    if (this.entries.size >= MOST_TOKENS) {
      const [oldest] = this.entries.keys();
      if (oldest !== undefined) this.entries.delete(oldest);
    }
    this.entries.set(token, entry);
  }

  drop(token: string): void {
    this.entries.delete(token);
  }
}
