/**
 * Passwords that are known from breaches: a port. None is asked by default; `PwnedPasswords` asks the public service, a
 * class of your own any other. What leaves the process are the first 5 of the 40 hexadecimal digits of the SHA-1 of a
 * password, which a million others share (k-anonymity).
 *
 * It has 300 ms. An answer that is late, missing or not understood is no answer: the bundled list alone then decides.
 */
export abstract class BreachedPasswords {
  /**
   * The other 35 digits of every breached password that begins so: `SUFFIX` or `SUFFIX:COUNT`, as a list or as lines of a
   * text. Entries with a count of 0 are padding. `signal` ends at the deadline.
   */
  abstract suffixes(prefix: string, signal: AbortSignal): Promise<Iterable<string> | string>;
}

/** The default: nobody is asked. */
export class NoBreachedPasswords extends BreachedPasswords {
  override suffixes(): Promise<string> {
    return Promise.resolve('');
  }
}
