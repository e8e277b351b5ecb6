import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { MINUTE_MS } from '../common/duration.js';
import type { Job, JobRun } from '../jobs/job.js';
import { RowSweeper } from '../jobs/row-sweeper.js';
import { AuthSettings } from '../options/auth-settings.js';
import { AuditRow } from './audit-row.entity.js';

export const AUDIT_RETENTION = 'audit-retention';

/** Deletes events that are older than `audit.retention`: at most 10,000 a run. */
@Injectable()
export class AuditRetentionJob implements Job {
  readonly name = AUDIT_RETENTION;
  readonly everyMs = 10 * MINUTE_MS;
  readonly alone = true;

  constructor(
    private readonly sweeper: RowSweeper,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  run({ signal }: JobRun): Promise<number> {
    const before = this.clock.now() - this.settings.audit.retentionMs;
    return this.sweeper.sweep([{ entity: AuditRow, key: 'id', condition: 'r.at < :before', before }], signal);
  }
}
