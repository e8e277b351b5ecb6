import { DAY_MS } from '../../../common/duration.js';
import { IpRule } from '../../../ip-rules/ip-rule.entity.js';
import { defineFeature } from '../../define-feature.js';
import { IpRuleChecks } from './ip-rules.checks.js';
import { IpRulesController } from './ip-rules.controller.js';
import { IpRules } from './ip-rules.service.js';

export const ipRules = defineFeature({
  name: 'administration/ip-rules',
  controllers: [IpRulesController],
  providers: [IpRules],
  exports: [IpRules],
  checks: [IpRuleChecks],
  remains: [{ entity: IpRule, key: 'id', over: 'r.expiresAt < :before', keptMs: 7 * DAY_MS }],
});
