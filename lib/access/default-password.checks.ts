import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../checklist/check.js';
import { SECOND_MS } from '../common/duration.js';
import { Clock } from '../common/clock.js';
import { Passwords } from '../passwords/passwords.service.js';
import { UserDirectory } from '../users/user-directory.js';
import { AdministratorRoles } from './administrator-roles.query.js';

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
    private readonly administrators: AdministratorRoles,
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
    const all = await this.administrators.holdersOf(this.administrators.roles, LOOKED_AT + 1);
    const userIds = all.slice(0, LOOKED_AT);
    let found = 0;
    let left = all.length - userIds.length;
    for (const userId of userIds) {
      const hash = await this.users.passwordHashOf(userId);
      if (hash === null || this.good.has(hash)) continue;
      const isDefault = this.clock.now() > until ? undefined : await this.isDefault(hash);
      if (isDefault === undefined) left += 1;
      else if (isDefault) found += 1;
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
        reason: `${left} of ${all.length} administrators were not looked at: there are many, or time was over; ask again`,
      };
    }
    return userIds.length === 0 ? passed : { status: 'passed', evidence };
  }

  /** One after the other, so that signing in goes on beside it. `undefined`: this hash cannot be checked now. */
  private async isDefault(hash: string): Promise<boolean | undefined> {
    try {
      for (const password of DEFAULTS) {
        if ((await this.passwords.verify(password, hash)).matches) return true;
      }
      return false;
    } catch {
      return undefined;
    }
  }
}
