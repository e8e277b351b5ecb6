import { Injectable } from '@nestjs/common';
import type { SelectQueryBuilder } from 'typeorm';
import { isRowId } from '../../../common/row-id.js';
import { Database } from '../../../database/database.js';
import { AuthError } from '../../../errors/auth-error.js';
import { AuditRow } from '../../../events/audit-row.entity.js';
import { FAILED_SIGN_INS, type AuditFilter, type AuditQuery } from './audit-filter.js';
import { AuditProof, type AuditChainProof } from './audit-proof.service.js';
import { AuditStatistics, type AuditSummary } from './audit-statistics.service.js';
import { entryOf, type AuditPage } from './audit-view.js';

const CURSOR = /^(\d{1,15})_(.{36})$/;

/** Reads the audit trail, for administration of your own. Newest first; nothing here changes a row. */
@Injectable()
export class AuditTrail {
  constructor(
    private readonly database: Database,
    private readonly statistics: AuditStatistics,
    private readonly proof: AuditProof,
  ) {}

  /** Throws `VALIDATION_FAILED` (400) for a cursor that is none of ours. */
  async list({ limit = 50, cursor, ...filter }: AuditQuery = {}): Promise<AuditPage> {
    const size = Math.min(Math.max(limit, 1), 100);
    const rows = await this.newest(filter, cursor, size + 1);
    const page = rows.slice(0, size);
    const last = rows.length > size ? page.at(-1) : undefined;
    return { items: page.map(entryOf), nextCursor: last === undefined ? null : `${last.at}_${last.id}` };
  }

  /** Proofs of identity that were wrong, and what they led to: locks, stops and sessions that ended. */
  failedSignIns(query: Omit<AuditQuery, 'types'> = {}): Promise<AuditPage> {
    return this.list({ ...query, types: FAILED_SIGN_INS });
  }

  /** Events by type and day, with the addresses and accounts that failed most. `from` to `to`: 31 days at most. */
  summary(from: Date, to: Date): Promise<AuditSummary> {
    return this.statistics.between(from.getTime(), to.getTime());
  }

  /** Follows the chain of `audit.chain` from a link on, 1,000 links at a time unless told otherwise. */
  verify(from?: number, limit?: number): Promise<AuditChainProof> {
    return this.proof.verify(from, limit);
  }

  private newest(filter: AuditFilter, cursor: string | undefined, count: number): Promise<AuditRow[]> {
    return this.database.read(async (manager) => {
      const found: AuditRow[] = [];
      for (const part of apart(filter)) {
        const query = manager.createQueryBuilder(AuditRow, 'r');
        narrow(query, part);
        if (cursor !== undefined) olderThan(query, cursor);
        found.push(...(await query.orderBy('r.at', 'DESC').addOrderBy('r.id', 'DESC').limit(count).getMany()));
      }
      return found.sort(newestFirst).slice(0, count);
    });
  }
}

/** Each type by itself, since no index has several of them in order of time. */
function apart({ types, ...filter }: AuditFilter): readonly AuditFilter[] {
  return types === undefined ? [filter] : [...new Set(types)].map((type) => ({ ...filter, types: [type] }));
}

function newestFirst(one: AuditRow, other: AuditRow): number {
  return other.at - one.at || (one.id < other.id ? 1 : -1);
}

function narrow(query: SelectQueryBuilder<AuditRow>, filter: AuditFilter): void {
  const { types, outcome, actorId, subjectId, impersonatorId, address, from, to } = filter;
  if (types !== undefined) query.andWhere('r.type IN (:...types)', { types });
  for (const [column, value] of Object.entries({ outcome, actorId, subjectId, impersonatorId, address })) {
    if (value !== undefined) query.andWhere(`r.${column} = :${column}`, { [column]: value });
  }
  if (from !== undefined) query.andWhere('r.at >= :from', { from: from.getTime() });
  if (to !== undefined) query.andWhere('r.at < :to', { to: to.getTime() });
}

/** The first half by itself lets every database use its index. */
function olderThan(query: SelectQueryBuilder<AuditRow>, cursor: string): void {
  const [, at, id] = CURSOR.exec(cursor) ?? [];
  if (at === undefined || !isRowId(id)) {
    const details = [{ field: 'cursor', rule: 'format', message: 'This is not a cursor of ours.' }];
    throw new AuthError('VALIDATION_FAILED', { details });
  }
  query.andWhere('r.at <= :cursorAt AND (r.at < :cursorAt OR r.id < :cursorId)', {
    cursorAt: Number(at),
    cursorId: id,
  });
}
