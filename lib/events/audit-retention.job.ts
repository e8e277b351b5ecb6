import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { MINUTE_MS } from '../common/duration.js';
import type { Job, JobRun } from '../jobs/job.js';
import { RowSweeper, STATEMENTS_A_RUN } from '../jobs/row-sweeper.js';
import { AuthSettings } from '../options/auth-settings.js';
import { AuditRow } from './audit-row.entity.js';
import { RequestTraces } from './request-traces.service.js';

export const AUDIT_RETENTION = 'audit-retention';

/** Deletes events that are older than `audit.retention`, and ends what deleted accounts have left: at most 100,000 rows each a run. */
@Injectable()
export class AuditRetentionJob implements Job {
  readonly name = AUDIT_RETENTION;
  readonly everyMs = 10 * MINUTE_MS;
  readonly alone = true;

  constructor(
    private readonly sweeper: RowSweeper,
    private readonly traces: RequestTraces,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  async run({ signal }: JobRun): Promise<number> {
    const before = this.clock.now() - this.settings.audit.retentionMs;
    const old = { entity: AuditRow, key: 'id', condition: 'r.at < :before', before };
    const deleted = await this.sweeper.sweep([old], signal);
    return deleted + (await this.traces.finish(STATEMENTS_A_RUN, signal));
  }
}
