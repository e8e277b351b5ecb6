import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../checklist/check.js';
import { optionEvidence } from '../checklist/evidence.js';
import { AuthSettings } from '../options/auth-settings.js';
import { ADMINISTRATOR } from '../roles/administrator.js';
import { SecondFactors } from '../second-factors/second-factors.service.js';
import { AdministratorRoles } from './administrator-roles.query.js';
import { RouteRules } from './route-rules.js';

/** Enough to say that it concerns somebody. */
const LOOKED_AT = 25;

/** Who has a second factor, and who the option `secondFactor` means. */
@Injectable()
export class SecondFactorChecks extends CheckSource {
  constructor(
    private readonly factors: SecondFactors,
    private readonly rules: RouteRules,
    private readonly administrators: AdministratorRoles,
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
        work: 'asks',
        run: () => this.withoutFactor(),
      },
      {
        id: 'access.second-factor-roles',
        title: 'The roles that must have a second factor exist',
        area: 'access',
        severity: 'warn',
        source: 'ASVS 5.0 V6.3.3',
        work: 'asks',
        run: () => this.requiredRoles(),
      },
    ];
  }

  private async withoutFactor(): Promise<CheckOutcome> {
    const all = this.administrators.roles.filter((role) => !this.factors.isRequiredOf([role]));
    if (all.length === 0) return passed;
    const userIds = await this.administrators.holdersOf(all, LOOKED_AT);
    let without = 0;
    for (const userId of userIds) if ((await this.factors.usableBy(userId)).length === 0) without += 1;
    if (without === 0) return passed;
    return {
      status: 'finding',
      evidence: { option: optionEvidence('secondFactor'), administrators: userIds.length, without },
      change: `Set secondFactor: { roles: ['${ADMINISTRATOR}'] } or 'required': who has none can then only set one up.`,
    };
  }

  /** A name that is misspelt would ask nobody for anything. */
  private async requiredRoles(): Promise<CheckOutcome> {
    const known = new Set([
      ...this.administrators.roles,
      ...this.settings.roles.default,
      ...Object.keys(this.settings.roles.grants),
      ...this.rules.entries().flatMap(({ rule }) => rule.roles.flat()),
    ]);
    const unnamed = this.settings.secondFactor.roles.filter((role) => !known.has(role));
    let unknown = 0;
    for (const role of unnamed) if ((await this.administrators.holdersOf([role], 1)).length === 0) unknown += 1;
    if (unknown === 0) return passed;
    return {
      status: 'finding',
      evidence: { option: optionEvidence('secondFactor.roles'), unknown },
      change: 'Correct secondFactor.roles: no rule, no option and no user has a role of that name.',
    };
  }
}
