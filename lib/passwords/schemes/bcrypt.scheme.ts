import { constantTimeEqual } from '../../common/constant-time.js';
import type { PasswordScheme, SchemeHash } from './password-scheme.js';

const STORED = /^\$2[aby]\$(\d{2})\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/;
export const LEAST_BCRYPT_COST = 4;
export const DIGEST_BYTES = 23;
// 2 s a hash. A stored text may not ask for more: cost 31 would hold a thread for days.
const MOST_COST = 15;

export interface BcryptHash extends SchemeHash {
  readonly cost: number;
}

/** One run of bcrypt: the text that the input makes with a salt text. */
export type BcryptRun = (input: string, salt: string) => Promise<string>;

/** `$2a$`, `$2b$` and `$2y$`, of cost 4 to 15: the first 72 bytes of the UTF-8 text. */
export class BcryptScheme implements PasswordScheme {
  constructor(private readonly run: BcryptRun) {}

  read(text: string): BcryptHash | undefined {
    const [, digits, salt, digest] = STORED.exec(text) ?? [];
    const cost = Number(digits);
    if (salt === undefined || digest === undefined || cost < LEAST_BCRYPT_COST || cost > MOST_COST) return undefined;
    return {
      cost,
      parameters: bcryptParameters(cost),
      // The three revisions agree on texts below 255 bytes; `$2a$` of the library shortens longer ones, and `$2y$` it refuses.
      matches: async (input) => {
        const made = await this.run(input, `$2b$${digits}$${salt}`);
        return constantTimeEqual(made.slice(-digest.length), digest);
      },
    };
  }
}

export function bcryptParameters(cost: number): string {
  return `bcrypt,c=${cost}`;
}
