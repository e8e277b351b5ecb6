import { Injectable } from '@nestjs/common';
import { DAY_MS } from '../../../common/duration.js';
import { Database } from '../../../database/database.js';
import { AUDIT_RETENTION } from '../../../events/audit-retention.job.js';
import { AuditRow } from '../../../events/audit-row.entity.js';
import { EventRecorder } from '../../../events/event-recorder.js';
import { JobClaims } from '../../../jobs/job-claims.js';
import { Jobs } from '../../../jobs/jobs.service.js';
import { AuthSettings } from '../../../options/auth-settings.js';
import type { EndedBy } from '../../../sessions/sessions.service.js';

export interface AuditRetentionView {
  /** Days for which events are kept. */
  readonly days: number;
  /** When the oldest event that is kept happened; `null` when there is none. */
  readonly oldest: Date | null;
  /** When the job ran last; `null` before its first run. */
  readonly lastRun: Date | null;
}

/** For how long events are kept, and whether they are. */
@Injectable()
export class AuditRetention {
  constructor(
    private readonly database: Database,
    private readonly claims: JobClaims,
    private readonly jobs: Jobs,
    private readonly events: EventRecorder,
    private readonly settings: AuthSettings,
  ) {}

  async read(): Promise<AuditRetentionView> {
    const oldest = await this.database.read((manager) =>
      manager.findOne(AuditRow, { select: { id: true, at: true }, where: {}, order: { at: 'ASC' } }),
    );
    const ranAt = await this.claims.lastRunAt(AUDIT_RETENTION);
    return {
      days: this.settings.audit.retentionMs / DAY_MS,
      oldest: oldest === null ? null : new Date(oldest.at),
      lastRun: ranAt === undefined ? null : new Date(ranAt),
    };
  }

  /** A bounded number of rows: what is left goes with the next run. The trail says who wanted it. */
  async enforce(by: EndedBy): Promise<number> {
    const deleted = await this.jobs.run(AUDIT_RETENTION);
    await this.events.write({ ...by, type: 'audit.retention_run', details: { deleted } });
    return deleted;
  }
}
