import { scrypt, timingSafeEqual } from 'node:crypto';
import type { PasswordScheme, SchemeHash } from './password-scheme.js';

const STORED = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{2,86})\$([A-Za-z0-9+/]{22,86})$/;
// 128 bytes of memory for each unit of N * r, so 256 MiB, and about a second of work.
const MOST_WORK = 2 ** 21;
const BLOCK_BYTES = 128;
const SPARE_BYTES = 2 ** 20;

interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** `$scrypt$ln=16,r=8,p=1$<salt>$<hash>` (RFC 7914, PHC string format): N * r * p up to 2^21. */
export class ScryptScheme implements PasswordScheme {
  read(text: string): SchemeHash | undefined {
    const [, ln, r, p, salt = '', hash = ''] = STORED.exec(text) ?? [];
    const cost = { N: 2 ** Number(ln), r: Number(r), p: Number(p) };
    if (!isBounded(cost)) return undefined;
    const expected = Buffer.from(hash, 'base64');
    return {
      parameters: `scrypt,ln=${ln},r=${r},p=${p}`,
      matches: async (input) => {
        const made = await derive(input, Buffer.from(salt, 'base64'), expected.length, cost);
        return timingSafeEqual(made, expected);
      },
    };
  }
}

/** Parameters that were not there are not bounded either. */
function isBounded({ N, r, p }: ScryptCost): boolean {
  // RFC 7914 §2: N is above 1 and below 2^(128 * r / 8).
  return N > 1 && Math.log2(N) < 16 * r && p > 0 && N * r * p <= MOST_WORK;
}

function derive(input: string, salt: Buffer, length: number, cost: ScryptCost): Promise<Buffer> {
  const maxmem = BLOCK_BYTES * cost.r * (cost.N + cost.p) + SPARE_BYTES;
  return new Promise((resolve, reject) => {
    scrypt(Buffer.from(input, 'utf8'), salt, length, { ...cost, maxmem }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
