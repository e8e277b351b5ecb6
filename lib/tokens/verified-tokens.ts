import type { AccessClaims } from './access-claims.js';
import type { TokenKey } from './token-keys.js';

interface Entry {
  readonly claims: AccessClaims;
  readonly key: TokenKey;
}

interface Known extends Entry {
  readonly token: string;
}

/** About 10 MB when full. */
const MOST_TOKENS = 5_000;

/** Characters: a MAC of 256 bits. To hash all of a token takes longer than to compare it. */
const TAIL = 43;

/**
 * Tokens whose signature has been verified, so that one is computed once in the life of a token. They are found by the end
 * of their signature and are the same only when the whole text is. What has a second spelling, such as an ES256 signature
 * with S negated, is verified once more and stands here twice: nothing is ever refused by the text of a token.
 */
export class VerifiedTokens {
  private readonly entries = new Map<string, Known>();

  /** What is no text at run time is not known either. */
  get(token: unknown): Entry | undefined {
    if (typeof token !== 'string') return undefined;
    const known = this.entries.get(token.slice(-TAIL));
    return known?.token === token ? known : undefined;
  }

  /** When full, the token that was verified first makes room. */
  add(token: string, { claims, key }: Entry): void {
    if (this.entries.size >= MOST_TOKENS) {
      const [oldest] = this.entries.keys();
      if (oldest !== undefined) this.entries.delete(oldest);
    }
    this.entries.set(token.slice(-TAIL), { token, claims, key });
  }

  drop(token: string): void {
    this.entries.delete(token.slice(-TAIL));
  }
}
