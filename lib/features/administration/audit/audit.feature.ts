import { defineFeature } from '../../define-feature.js';
import { AuditChainChecks } from './audit-chain.checks.js';
import { AuditChainJob } from './audit-chain.job.js';
import { AuditController } from './audit.controller.js';
import { AuditLink } from './audit-link.entity.js';
import { AuditProof } from './audit-proof.service.js';
import { AuditRetention } from './audit-retention.service.js';
import { AuditStatistics } from './audit-statistics.service.js';
import { AuditTrail } from './audit-trail.service.js';

export const audit = defineFeature({
  name: 'administration/audit',
  controllers: [AuditController],
  providers: [AuditTrail, AuditStatistics, AuditProof, AuditRetention],
  exports: [AuditTrail],
  entities: [AuditLink],
  jobs: [AuditChainJob],
  checks: [AuditChainChecks],
});
