import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';
import bcrypt from 'bcrypt';
import { AuthSettings } from '../options/auth-settings.js';
import { SchemePasswordHasher } from './scheme-password-hasher.js';
import { bcryptParameters, DIGEST_BYTES, LEAST_BCRYPT_COST } from './schemes/bcrypt.scheme.js';

/** Of a current hash: enough to tell how long one takes. */
const TIMED = 1 / 16;

/**
 * bcrypt at `passwords.cost` over `base64(HMAC-SHA-256("gatehouse/password/v1", NFC(password)))`, or with the pepper in
 * place of the label: nothing is cut at 72 bytes or at NUL, and a hash leaked from elsewhere is no guess at ours. Stored
 * as `$gatehouse$v=1$2b$12$<salt><digest>`.
 */
@Injectable()
export class BcryptPasswordHasher extends SchemePasswordHasher {
  protected override readonly current: string;
  private readonly cost: number;

  constructor(settings: AuthSettings) {
    super(settings);
    this.cost = settings.passwords.cost;
    this.current = bcryptParameters(this.cost);
  }

  /** How long a hash takes, in ms, told from a piece of one. */
  async hashMs(): Promise<number> {
    const begun = performance.now();
    const done = await this.burn(TIMED);
    return (performance.now() - begun) / done;
  }

  protected override make(input: string): Promise<string> {
    return this.bcrypt(input, bcrypt.genSaltSync(this.cost));
  }

  /** A digest of nothing: a check against it is the work of any other, and the start need not wait for a hash. */
  protected override makeDecoy(): Promise<string> {
    const digest = randomBytes(DIGEST_BYTES).toString('base64').replaceAll('+', '.').replaceAll('=', '');
    return Promise.resolve(bcrypt.genSaltSync(this.cost) + digest);
  }

  protected override isUpToDate(hash: string): boolean {
    const read = this.bcryptScheme.read(hash);
    return read !== undefined && read.cost >= this.cost;
  }

  /** A cost more is twice the work, so that a cheaper hash answers in exactly the work of a current one. */
  protected override shareOf(hash: string): number | undefined {
    const read = this.bcryptScheme.read(hash);
    return read && 2 ** (read.cost - this.cost);
  }

  /** In hashes of falling cost, the cheapest of which is the least. */
  protected override async burn(share: number): Promise<number> {
    const least = 2 ** (LEAST_BCRYPT_COST - this.cost);
    const parts = Math.max(1, Math.round(share / least));
    let left = parts;
    for (let cost = this.cost; cost >= LEAST_BCRYPT_COST; cost--) {
      for (const size = 2 ** (cost - LEAST_BCRYPT_COST); left >= size; left -= size) {
        await this.bcrypt('', bcrypt.genSaltSync(cost));
      }
    }
    return parts * least;
  }
}
