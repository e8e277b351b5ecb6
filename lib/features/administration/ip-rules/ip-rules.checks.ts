import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../../../checklist/check.js';
import { enumEvidence } from '../../../checklist/evidence.js';
import { Clock } from '../../../common/clock.js';
import { Database } from '../../../database/database.js';
import { IpRule } from '../../../ip-rules/ip-rule.entity.js';
import { isSound } from '../../../ip-rules/rule-set.js';
import { AuthSettings } from '../../../options/auth-settings.js';

@Injectable()
export class IpRuleChecks extends CheckSource {
  constructor(
    private readonly database: Database,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'network.ip-allowlist',
        title: 'A list of allowed addresses lets somebody in',
        area: 'network',
        severity: 'refuse',
        source: 'ASVS 5.0 V8.4.2',
        work: 'asks',
        run: () => this.allowlist(),
      },
    ];
  }

  private async allowlist(): Promise<CheckOutcome> {
    const { mode } = this.settings.ipRules;
    if (mode !== 'allowlist') return passed;
    const now = this.clock.now();
    const rules = await this.database.read((manager) => manager.findBy(IpRule, { action: 'allow' }));
    const valid = rules.filter((rule) => isSound(rule) && (rule.expiresAt === null || rule.expiresAt > now));
    if (valid.length > 0) return passed;
    return {
      status: 'finding',
      evidence: { mode: enumEvidence(mode, ['blocklist', 'allowlist']), allowed: 0 },
      change:
        "Add the networks of your people with ipRules.mode 'blocklist', at /admin/ip-rules, and switch to 'allowlist' " +
        'then: without one nobody is answered.',
    };
  }
}
