/**
 * Makes and checks stored passwords: a port. Replace it through `overrides` to use another scheme.
 *
 * An implementation gives every call of `verify` the same cost, whatever the stored text is, and admits itself to
 * nothing: `Passwords` runs it inside the hashing queue.
 */
export abstract class PasswordHasher {
  /** The text to store. It names its scheme and cost, is at most 255 characters and differs with every call. */
  abstract hash(password: string): Promise<string>;

  /**
   * Whether the password made the stored text. A text that is malformed or of an unknown scheme is `false`, never an
   * error. An error is no verdict: the attempt does not count.
   */
  abstract verify(password: string, stored: string): Promise<boolean>;

  /** Whether the stored text is of another scheme or cheaper than what `hash` makes now. */
  abstract needsRehash(stored: string): boolean;
}
