import { createHash } from 'node:crypto';
import { COMMON_PASSWORD_DIGESTS } from './common-password-digests.js';
import { COMMON_PASSWORDS } from './common-passwords.js';
import { folded } from './password-forms.js';
import { isPredictable } from './predictable.js';

const DIGEST_LENGTH = 8;

/** The bundled common passwords, those of the application, and what is made by a predictable rule. */
export class PasswordBlocklist {
  private readonly entries: ReadonlySet<string>;
  private readonly digests: ReadonlySet<string>;

  constructor(own: readonly string[] = []) {
    this.entries = new Set([...COMMON_PASSWORDS.split('\n'), ...own.map(folded)]);
    this.digests = new Set(COMMON_PASSWORD_DIGESTS.trim().split(/\s+/));
  }

  /** Whether a form of a password is listed or predictable. Whole values only. */
  has(form: string): boolean {
    return this.entries.has(form) || isPredictable(form) || this.digests.has(digest(form));
  }
}

function digest(form: string): string {
  return createHash('sha256').update(form).digest('base64url').slice(0, DIGEST_LENGTH);
}
