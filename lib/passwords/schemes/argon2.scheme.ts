import { randomBytes, timingSafeEqual } from 'node:crypto';
import { base64, type PasswordScheme, type SchemeHash } from './password-scheme.js';

const STORED =
  /^\$argon2(id|i|d)\$(?:v=(16|19)\$)?m=(\d{1,6}),t=(\d{1,4}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;
const VARIANTS = { d: 0, i: 1, id: 2 } as const;
// A text without a version was made before there was a second one.
const VERSIONS = { '16': 0, '19': 1 } as const;
const MOST_MEMORY_KIB = 2 ** 18;
// Of memory filled in all passes: about a second.
const MOST_WORK_KIB = 2 ** 20;
const MOST_LANES = 16;
// RFC 9106 §3.1.
const LEAST_KIB_A_LANE = 8;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

export interface Argon2Cost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

export interface Argon2Hash extends SchemeHash {
  readonly variant: keyof typeof VARIANTS;
  readonly cost: Argon2Cost;
}

/** As much of `@node-rs/argon2` as is used. */
export interface Argon2Library {
  hashRaw(
    input: Buffer,
    options: {
      readonly memoryCost: number;
      readonly timeCost: number;
      readonly parallelism: number;
      readonly algorithm: number;
      readonly version: number;
      readonly salt: Buffer;
      readonly outputLen: number;
    },
  ): Promise<Buffer>;
}

/**
 * `$argon2id$v=19$m=47104,t=1,p=1$<salt>$<hash>` (RFC 9106, PHC string format), and `argon2i` and `argon2d`: up to 256 MiB,
 * 16 lanes, and 1 GiB filled in all passes.
 */
export class Argon2Scheme implements PasswordScheme {
  /** `load` rejects where the optional package is not installed. */
  constructor(private readonly load: () => Promise<Argon2Library>) {}

  read(text: string): Argon2Hash | undefined {
    const match = STORED.exec(text);
    if (match === null) return undefined;
    const [, variant, version = '16', m, t, p, salt = '', hash = ''] = match;
    const cost = { memoryKib: Number(m), passes: Number(t), lanes: Number(p) };
    if (!isBounded(cost)) return undefined;
    const head = { variant: variant as keyof typeof VARIANTS, version: version as keyof typeof VERSIONS };
    const expected = Buffer.from(hash, 'base64');
    return {
      variant: head.variant,
      cost,
      parameters: argon2Parameters(head.variant, cost),
      matches: async (input) => {
        const made = await this.derive(input, Buffer.from(salt, 'base64'), {
          ...head,
          ...cost,
          bytes: expected.length,
        });
        return timingSafeEqual(made, expected);
      },
    };
  }

  /** A new hash of argon2id. Throws for a cost that `read` would not take. */
  async make(input: string, cost: Argon2Cost): Promise<string> {
    if (!isBounded(cost)) throw new RangeError('argon2: at most 256 MiB, 16 lanes, and 1 GiB filled in all passes.');
    const salt = randomBytes(SALT_BYTES);
    const hash = await this.derive(input, salt, { variant: 'id', version: '19', ...cost, bytes: HASH_BYTES });
    const { memoryKib, passes, lanes } = cost;
    return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${base64(salt)}$${base64(hash)}`;
  }

  private async derive(
    input: string,
    salt: Buffer,
    how: Argon2Cost & {
      readonly variant: keyof typeof VARIANTS;
      readonly version: keyof typeof VERSIONS;
      readonly bytes: number;
    },
  ): Promise<Buffer> {
    const library = await this.load();
    return library.hashRaw(Buffer.from(input, 'utf8'), {
      memoryCost: how.memoryKib,
      timeCost: how.passes,
      parallelism: how.lanes,
      algorithm: VARIANTS[how.variant],
      version: VERSIONS[how.version],
      salt,
      outputLen: how.bytes,
    });
  }
}

export function argon2Parameters(variant: string, { memoryKib, passes, lanes }: Argon2Cost): string {
  return `argon2${variant},m=${memoryKib},t=${passes},p=${lanes}`;
}

function isBounded({ memoryKib, passes, lanes }: Argon2Cost): boolean {
  return (
    passes > 0 &&
    lanes > 0 &&
    lanes <= MOST_LANES &&
    memoryKib >= LEAST_KIB_A_LANE * lanes &&
    memoryKib <= MOST_MEMORY_KIB &&
    memoryKib * passes <= MOST_WORK_KIB
  );
}
