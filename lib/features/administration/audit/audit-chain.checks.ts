import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../../../checklist/check.js';
import { Database } from '../../../database/database.js';
import { AuthSettings } from '../../../options/auth-settings.js';
import { lastLink } from './audit-chain.job.js';
import { AuditProof } from './audit-proof.service.js';

const NEWEST_LINKS = 200;

/** Whether the newest part of the chain fits together. The whole of it is followed on request. */
@Injectable()
export class AuditChainChecks extends CheckSource {
  constructor(
    private readonly settings: AuthSettings,
    private readonly database: Database,
    private readonly proof: AuditProof,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'audit.chain',
        title: 'Nobody has changed what the trail says',
        area: 'audit',
        severity: 'warn',
        source: 'ASVS 5.0 V16.4.2',
        work: 'asks',
        run: () => this.chain(),
      },
    ];
  }

  private async chain(): Promise<CheckOutcome> {
    if (!this.settings.audit.chain) return passed;
    const last = await this.database.read(lastLink);
    if (last === null) return passed;
    const { intact, problems, checked } = await this.proof.verify(
      Math.max(1, last.seq - NEWEST_LINKS + 1),
      NEWEST_LINKS,
    );
    if (intact) return passed;
    return {
      status: 'finding',
      evidence: { links: checked, problems: problems.length },
      change:
        'Read GET /auth/admin/audit/chain: it names the events that were altered, removed or added. Find out who writes ' +
        'to auth_audit beside this application.',
    };
  }
}
