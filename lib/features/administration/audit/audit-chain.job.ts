import { Injectable } from '@nestjs/common';
import { LessThanOrEqual, type EntityManager } from 'typeorm';
import { Clock } from '../../../common/clock.js';
import { MINUTE_MS } from '../../../common/duration.js';
import { Database } from '../../../database/database.js';
import { isUniqueViolation } from '../../../database/driver-errors.js';
import { AuditRow } from '../../../events/audit-row.entity.js';
import type { Job, JobRun } from '../../../jobs/job.js';
import { ROWS_A_STATEMENT, STATEMENTS_A_RUN } from '../../../jobs/row-sweeper.js';
import { AuthSettings } from '../../../options/auth-settings.js';
import { CHAIN_START, linkHash } from './audit-chain.js';
import { AuditLink } from './audit-link.entity.js';

export const AUDIT_CHAIN = 'audit-chain';

const EVENTS_A_BATCH = 500;
const BATCHES_A_RUN = 100;
/** Instances whose clocks are this far behind still find their place. */
export const LATE_MS = 15 * MINUTE_MS;

/**
 * With `audit.chain`: links events by hashes in the order in which they are met, a moment after they were written. Not in
 * the request: requests would wait for each other.
 */
@Injectable()
export class AuditChainJob implements Job {
  readonly name = AUDIT_CHAIN;
  readonly everyMs = MINUTE_MS;
  readonly alone = true;

  constructor(
    private readonly database: Database,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  async run({ signal }: JobRun): Promise<number> {
    if (!this.settings.audit.chain) return 0;
    let linked = 0;
    for (let batch = 0; batch < BATCHES_A_RUN && !signal.aborted; batch += 1) {
      const count = await this.linkBatch();
      linked += count;
      if (count < EVENTS_A_BATCH) break;
    }
    await this.sweep(signal);
    return linked;
  }

  /**
   * From the oldest link on, so that there is never a gap. The newest one that is over stays: a beginning that somebody cuts
   * off must not look like one whose time is over.
   */
  private async sweep(signal: AbortSignal): Promise<void> {
    const before = this.clock.now() - this.settings.audit.retentionMs - LATE_MS;
    for (let statement = 0; statement < STATEMENTS_A_RUN && !signal.aborted; statement += 1) {
      const oldest = await this.database.read((manager) =>
        manager.find(AuditLink, { where: {}, order: { seq: 'ASC' }, take: ROWS_A_STATEMENT + 1 }),
      );
      const kept = oldest.findIndex(({ at }) => at >= before);
      const over = oldest.slice(0, Math.max(0, (kept === -1 ? oldest.length : kept) - 1));
      const last = over.at(-1);
      if (last === undefined) return;
      await this.database.write((manager) => manager.delete(AuditLink, { seq: LessThanOrEqual(last.seq) }));
      if (over.length < ROWS_A_STATEMENT) return;
    }
  }

  private async linkBatch(): Promise<number> {
    const links = await this.database.read(async (manager) => {
      const last = await lastLink(manager);
      return chained(await this.unlinked(manager, last), last);
    });
    if (links.length === 0) return 0;
    try {
      await this.database.write((manager) => manager.insert(AuditLink, links), { insertMayLose: true });
    } catch (error) {
      // Another instance has taken these places.
      if (!isUniqueViolation(error)) throw error;
      return 0;
    }
    return links.length;
  }

  /** Only what is certain to have been committed: what comes later than that is found by its clock being behind. */
  private unlinked(manager: EntityManager, last: AuditLink | null): Promise<AuditRow[]> {
    const query = manager
      .createQueryBuilder(AuditRow, 'r')
      .leftJoin(AuditLink, 'l', 'l.auditId = r.id')
      .where('r.at <= :settled AND l.seq IS NULL', { settled: this.clock.now() - 2 * this.settings.database.timeoutMs })
      .orderBy('r.at')
      .addOrderBy('r.id')
      .limit(EVENTS_A_BATCH);
    if (last !== null) query.andWhere('r.at > :since', { since: last.at - LATE_MS });
    return query.getMany();
  }
}

export function lastLink(manager: EntityManager): Promise<AuditLink | null> {
  return manager.findOne(AuditLink, { where: {}, order: { seq: 'DESC' } });
}

function chained(rows: readonly AuditRow[], last: AuditLink | null): AuditLink[] {
  let previous = last?.hash ?? CHAIN_START;
  return rows.map((row, index) => {
    const seq = (last?.seq ?? 0) + index + 1;
    previous = linkHash(previous, seq, row);
    return { seq, auditId: row.id, at: row.at, hash: previous };
  });
}
