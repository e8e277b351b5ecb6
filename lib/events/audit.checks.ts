import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../checklist/check.js';
import { Clock } from '../common/clock.js';
import { DAY_MS } from '../common/duration.js';
import { JobClaims } from '../jobs/job-claims.js';
import { AuthSettings } from '../options/auth-settings.js';
import { AUDIT_RETENTION } from './audit-retention.job.js';

const LATEST_MS = 2 * DAY_MS;

/** Whether the audit trail ends where it is meant to. */
@Injectable()
export class AuditChecks extends CheckSource {
  constructor(
    private readonly settings: AuthSettings,
    private readonly claims: JobClaims,
    private readonly clock: Clock,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'audit.retention',
        title: 'Events are deleted when their time is over',
        area: 'audit',
        severity: 'warn',
        source: 'ASVS 5.0 V14.2.7',
        work: 'asks',
        run: () => this.retention(),
      },
    ];
  }

  private async retention(): Promise<CheckOutcome> {
    if (this.settings.jobs === 'timers') return passed;
    const ranAt = await this.claims.lastRunAt(AUDIT_RETENTION);
    if (ranAt !== undefined && this.clock.now() - ranAt <= LATEST_MS) return passed;
    return {
      status: 'finding',
      evidence: { hasRun: ranAt !== undefined },
      change:
        "Run the job at least once a day with Jobs.run('audit-retention'), or leave out `jobs: 'manual'`: events with " +
        'client addresses are kept for ever otherwise.',
    };
  }
}
