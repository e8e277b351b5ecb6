import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../checklist/check.js';
import { optionEvidence } from '../checklist/evidence.js';
import { Database } from '../database/database.js';
import { AuthSettings } from '../options/auth-settings.js';
import { UserRole } from '../roles/user-role.entity.js';
import { SecondFactors } from '../second-factors/second-factors.service.js';
import { RouteRules } from './route-rules.js';

/** What the administration routes ask for. */
const ADMIN = 'admin';
/** Enough to say that it concerns somebody. */
const LOOKED_AT = 25;

/** Who has a second factor, and who the option `secondFactor` means. */
@Injectable()
export class SecondFactorChecks extends CheckSource {
  constructor(
    private readonly factors: SecondFactors,
    private readonly rules: RouteRules,
    private readonly database: Database,
    private readonly settings: AuthSettings,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'access.admin-second-factor',
        title: 'Administrators have a second factor',
        area: 'access',
        severity: 'warn',
        source: 'ASVS 5.0 V6.3.3, V8.4.2',
        run: () => this.administrators(),
      },
      {
        id: 'access.second-factor-roles',
        title: 'The roles that must have a second factor exist',
        area: 'access',
        severity: 'warn',
        source: 'ASVS 5.0 V6.3.3',
        run: () => this.requiredRoles(),
      },
    ];
  }

  private async administrators(): Promise<CheckOutcome> {
    const all = this.administratorRoles().filter((role) => !this.factors.isRequiredOf([role]));
    if (all.length === 0) return passed;
    const userIds = await this.holdersOf(all, LOOKED_AT);
    let without = 0;
    for (const userId of userIds) if ((await this.factors.usableBy(userId)).length === 0) without += 1;
    if (without === 0) return passed;
    return {
      status: 'finding',
      evidence: { option: optionEvidence('secondFactor'), administrators: userIds.length, without },
      change: `Set secondFactor: { roles: ['${ADMIN}'] } or 'required': who has none can then only set one up.`,
    };
  }

  /** A name that is misspelt would ask nobody for anything. */
  private async requiredRoles(): Promise<CheckOutcome> {
    const known = new Set([
      ...this.administratorRoles(),
      ...this.settings.roles.default,
      ...Object.keys(this.settings.roles.grants),
      ...this.rules.entries().flatMap(({ rule }) => rule.roles.flat()),
    ]);
    const unnamed = this.settings.secondFactor.roles.filter((role) => !known.has(role));
    let unknown = 0;
    for (const role of unnamed) if ((await this.holdersOf([role], 1)).length === 0) unknown += 1;
    if (unknown === 0) return passed;
    return {
      status: 'finding',
      evidence: { option: optionEvidence('secondFactor.roles'), unknown },
      change: 'Correct secondFactor.roles: no rule, no option and no user has a role of that name.',
    };
  }

  private administratorRoles(): readonly string[] {
    const grants = Object.entries(this.settings.roles.grants);
    return [...new Set([ADMIN, ...grants.filter(([, granted]) => granted.includes('*')).map(([role]) => role)])];
  }

  private async holdersOf(roles: readonly string[], limit: number): Promise<readonly string[]> {
    const rows = await this.database.read((manager) =>
      manager
        .createQueryBuilder(UserRole, 'r')
        .select('r.userId', 'userId')
        .distinct(true)
        .where('r.role IN (:...roles)', { roles: [...roles] })
        .limit(limit)
        .getRawMany<{ readonly userId: string }>(),
    );
    return rows.map(({ userId }) => userId);
  }
}
