import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../checklist/check.js';
import { SECOND_MS } from '../common/duration.js';
import { Clock } from '../common/clock.js';
import { Passwords } from '../passwords/passwords.service.js';
import { UserDirectory } from '../users/user-directory.js';
import { Administrators } from './administrators.query.js';

const LOOKED_AT = 25;
/** What is left of the five seconds of all checks is for the others. */
const WITHIN_MS = 3 * SECOND_MS;

/** What seed scripts, images and guides ship with. Each costs one hash. */
const DEFAULTS = ['admin', 'administrator', 'password', 'changeme', 'admin123', '123456'];

/** Tries well-known passwords on the administrators' stored hashes. No attempt is counted and nobody is signed in. */
@Injectable()
export class DefaultPasswordChecks extends CheckSource {
  /** Hashes that are none of them, so that the next run goes on where this one stops. */
  private readonly good = new Set<string>();

  constructor(
    private readonly administrators: Administrators,
    private readonly users: UserDirectory,
    private readonly passwords: Passwords,
    private readonly clock: Clock,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'accounts.default-password',
        title: 'No administrator has a default password',
        area: 'accounts',
        severity: 'refuse',
        source: 'ASVS 5.0 V6.3.2, V13.3.1',
        work: 'acts',
        run: () => this.look(),
      },
    ];
  }

  private async look(): Promise<CheckOutcome> {
    const until = this.clock.now() + WITHIN_MS;
    const userIds = await this.administrators.holdersOf(this.administrators.roles, LOOKED_AT);
    let found = 0;
    let left = 0;
    for (const userId of userIds) {
      const hash = await this.users.passwordHashOf(userId);
      if (hash === null || this.good.has(hash)) continue;
      if (this.clock.now() > until) left += 1;
      else if (await this.isDefault(hash)) found += 1;
      else this.good.add(hash);
    }
    const evidence = { administrators: userIds.length, found };
    if (found > 0) {
      return {
        status: 'finding',
        evidence,
        change:
          'Give these administrators passwords of their own, with `gatehouse create-admin` or POST /auth/password/reset.',
      };
    }
    if (left > 0) {
      return {
        status: 'unchecked',
        reason: `time was over before ${left} of ${userIds.length} administrators; ask again`,
      };
    }
    return userIds.length === 0 ? passed : { status: 'passed', evidence };
  }

  private async isDefault(hash: string): Promise<boolean> {
    const verified = await Promise.all(DEFAULTS.map((password) => this.passwords.verify(password, hash)));
    return verified.some(({ matches }) => matches);
  }
}
