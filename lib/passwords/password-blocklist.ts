import { createHash } from 'node:crypto';
import { COMMON_PASSWORD_DIGESTS } from './common-password-digests.js';
import { COMMON_PASSWORDS } from './common-passwords.js';
import { folded } from './password-forms.js';
import { isPredictable } from './predictable.js';

const DIGEST_LENGTH = 8;

interface Bundled {
  readonly entries: ReadonlySet<string>;
  readonly digests: ReadonlySet<string>;
}

let bundled: Bundled | undefined;

/** Tens of thousands of entries, the same for all: made into sets once, when the first password is judged. */
function bundledLists(): Bundled {
  bundled ??= {
    entries: new Set(COMMON_PASSWORDS.split('\n')),
    digests: new Set(COMMON_PASSWORD_DIGESTS.trim().split(/\s+/)),
  };
  return bundled;
}

/** The bundled common passwords, those of the application, and what is made by a predictable rule. */
export class PasswordBlocklist {
  private readonly own: ReadonlySet<string>;

  constructor(own: readonly string[] = []) {
    this.own = new Set(own.map(folded));
  }

  /** Whether a form of a password is listed or predictable. Whole values only. */
  has(form: string): boolean {
    const { entries, digests } = bundledLists();
    return this.own.has(form) || entries.has(form) || isPredictable(form) || digests.has(digest(form));
  }
}

function digest(form: string): string {
  return createHash('sha256').update(form).digest('base64url').slice(0, DIGEST_LENGTH);
}
