import { createHmac } from 'node:crypto';
import type { AuthSettings } from '../options/auth-settings.js';
import { normalised } from './password-text.js';
import { UncheckableHash } from './uncheckable-hash.js';

/** Marks a hash whose input was keyed by us; the text of its scheme follows. The shape of the PHC string format. */
const MARK = '$gatehouse$v=1';
const MARKED = /^\$gatehouse\$v=1(?:,p=([\w-]{1,16}))?(\$[^$].*)$/;
const LABEL = 'gatehouse/password/v1';
/** Length of the column. */
export const MAX_STORED = 255;

/** What stands in the column for a password. */
export interface StoredPassword {
  /** Whether the input was keyed by us. Otherwise it is the password as it was received. */
  readonly ours: boolean;
  /** Id of the pepper that keyed it. */
  readonly pepper: string | undefined;
  /** The text of a scheme. */
  readonly hash: string;
}

/** The parts of a stored text; `undefined` for what nothing of ours or of a known scheme is written like. */
export function readStored(stored: string): StoredPassword | undefined {
  if (typeof stored !== 'string' || stored.length > MAX_STORED) return undefined;
  const [, pepper, hash] = MARKED.exec(stored) ?? [];
  return hash === undefined ? { ours: false, pepper: undefined, hash: stored } : { ours: true, pepper, hash };
}

/**
 * What passwords are keyed with before they are hashed: a constant label, so that a hash leaked from elsewhere is no
 * guess at ours, or a pepper that the database does not hold.
 */
export class PasswordKeys {
  readonly #current: string | undefined;
  readonly #keys: Readonly<Record<string, string>>;

  constructor({ passwords }: AuthSettings) {
    this.#current = passwords.pepper?.current;
    this.#keys = passwords.pepper?.keys ?? {};
  }

  /** A hash of today's input as it is stored. */
  marked(hash: string): string {
    return (this.#current === undefined ? MARK : `${MARK},p=${this.#current}`) + hash;
  }

  /** Whether a new password would be keyed the same way. */
  isCurrent({ ours, pepper }: StoredPassword): boolean {
    return ours && pepper === this.#current;
  }

  /** What is hashed of a new password. */
  newInput(password: string): string {
    return this.keyed(password, this.#current);
  }

  /** What was hashed for a stored text, if the password is right. Throws {@link UncheckableHash} without its pepper. */
  input(password: string, { ours, pepper }: StoredPassword): string {
    return ours ? this.keyed(password, pepper) : password;
  }

  private keyed(password: string, pepper: string | undefined): string {
    if (pepper !== undefined && !Object.hasOwn(this.#keys, pepper)) {
      throw new UncheckableHash(
        `stored passwords name the pepper ${pepper}: put it back into passwords.pepper.keys, or nobody of them signs in.`,
      );
    }
    const key = pepper === undefined ? LABEL : this.#keys[pepper]!;
    return createHmac('sha256', key).update(normalised(password), 'utf8').digest('base64');
  }
}
