import { Injectable } from '@nestjs/common';
import { AuthSettings } from '../options/auth-settings.js';
import { SchemePasswordHasher } from './scheme-password-hasher.js';
import { argon2Parameters, type Argon2Cost } from './schemes/argon2.scheme.js';

/**
 * argon2id in place of bcrypt, over the same keyed password: 46 MiB and one pass (ASVS 5.0 V11.4.2). Needs
 * `@node-rs/argon2`. Hashes of the default hasher go on verifying and are made anew at the next good sign-in, and the
 * other way round. Extend it to ask for more memory.
 *
 * @example
 * overrides: [{ provide: PasswordHasher, useClass: Argon2PasswordHasher }]
 */
@Injectable()
export class Argon2PasswordHasher extends SchemePasswordHasher {
  /** At most 256 MiB, 16 lanes, and 1 GiB filled in all passes. */
  protected readonly cost: Argon2Cost = { memoryKib: 47_104, passes: 1, lanes: 1 };

  constructor(settings: AuthSettings) {
    super(settings);
  }

  protected override get current(): string {
    return argon2Parameters('id', this.cost);
  }

  protected override make(input: string): Promise<string> {
    return this.argon2Scheme.make(input, this.cost);
  }

  protected override isUpToDate(hash: string): boolean {
    const read = this.argon2Scheme.read(hash);
    return read?.variant === 'id' && read.cost.memoryKib >= this.cost.memoryKib && read.cost.passes >= this.cost.passes;
  }

  /** With as much less memory: it is what the work is measured by. */
  protected override async burn(share: number): Promise<number> {
    const { memoryKib, lanes } = this.cost;
    const least = 8 * lanes;
    const wantedKib = Math.max(least, Math.round(share * memoryKib));
    for (let leftKib = wantedKib; leftKib > 0; leftKib -= memoryKib) {
      await this.argon2Scheme.make('', { ...this.cost, memoryKib: Math.max(least, Math.min(leftKib, memoryKib)) });
    }
    return wantedKib / memoryKib;
  }
}
