import { Injectable } from '@nestjs/common';
import bcrypt from 'bcrypt';
import { AuthSettings } from '../options/auth-settings.js';
import { SchemePasswordHasher } from './scheme-password-hasher.js';
import { bcryptParameters } from './schemes/bcrypt.scheme.js';
import type { SchemeHash } from './schemes/password-scheme.js';

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

  protected override make(input: string): Promise<string> {
    return this.bcrypt(input, bcrypt.genSaltSync(this.cost));
  }

  protected override isUpToDate(hash: string): boolean {
    const read = this.bcryptScheme.read(hash);
    return read !== undefined && read.cost >= this.cost;
  }

  /** 2^c + (2^c + ... + 2^(C-1)) = 2^C: a cheaper hash answers in the time of a current one, so nobody is told apart by it. */
  protected override async pad({ parameters }: SchemeHash, hash: string): Promise<string> {
    const from = this.bcryptScheme.read(hash)?.cost ?? this.cost;
    if (from >= this.cost) return parameters;
    for (let cost = from; cost < this.cost; cost++) await this.bcrypt('', bcrypt.genSaltSync(cost));
    return this.current;
  }
}
