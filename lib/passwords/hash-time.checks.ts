import { performance } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';
import { CheckSource, type Check, type CheckOutcome } from '../checklist/check.js';
import { randomToken } from '../common/random.js';
import { BcryptPasswordHasher } from './bcrypt-password-hasher.js';
import { PasswordHasher } from './password-hasher.js';

/** Below it whoever has the hashes tries more than fifty passwords a second on one core like this. */
const LEAST_MS = 20;
/** Above it a handful of sign-ins at once wait for each other. */
const MOST_MS = 2_000;

/** Makes a hash, or so much of one as tells how long it takes, and looks at the time. */
@Injectable()
export class HashTimeChecks extends CheckSource {
  constructor(private readonly hasher: PasswordHasher) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'passwords.time',
        title: 'A password hash takes long enough, and not too long',
        area: 'passwords',
        severity: 'warn',
        source: 'ASVS 5.0 V11.4.2',
        work: 'acts',
        run: () => this.time(),
      },
    ];
  }

  private async time(): Promise<CheckOutcome> {
    const told = await this.hashMs();
    // A piece that had to wait for other work says sixteen times too much.
    const evidence = { ms: Math.round(told > MOST_MS ? Math.min(told, await this.wholeMs()) : told) };
    if (evidence.ms >= LEAST_MS && evidence.ms <= MOST_MS) return { status: 'passed', evidence };
    return {
      status: 'finding',
      evidence,
      change:
        evidence.ms < LEAST_MS
          ? 'Raise passwords.cost, or take out the override of PasswordHasher: stolen hashes are soon guessed otherwise.'
          : 'Lower passwords.cost, by one for half the time, or use a faster machine: sign-ins wait for each other.',
    };
  }

  private async hashMs(): Promise<number> {
    // Of bcrypt alone the time of a piece tells that of the whole: argon2 is quicker with more memory than its share.
    return this.hasher instanceof BcryptPasswordHasher ? this.hasher.hashMs() : this.wholeMs();
  }

  private async wholeMs(): Promise<number> {
    const begun = performance.now();
    await this.hasher.hash(randomToken(16));
    return performance.now() - begun;
  }
}
