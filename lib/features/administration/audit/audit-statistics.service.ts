import { Injectable } from '@nestjs/common';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { DAY_MS } from '../../../common/duration.js';
import { Database } from '../../../database/database.js';
import { AuthError } from '../../../errors/auth-error.js';
import { AuditRow } from '../../../events/audit-row.entity.js';
import type { EventOutcome } from '../../../events/auth-event.js';
import type { AuthEventType } from '../../../events/event-catalogue.js';
import { FAILED_SIGN_INS } from './audit-filter.js';

export interface AuditSummary {
  readonly from: Date;
  readonly to: Date;
  readonly events: readonly { readonly type: AuthEventType; readonly outcome: EventOutcome; readonly count: number }[];
  /** Days of UTC, the oldest first. */
  readonly days: readonly { readonly day: string; readonly succeeded: number; readonly failed: number }[];
  /** Client addresses with the most failed sign-ins, ten at most. */
  readonly addresses: readonly { readonly address: string; readonly failed: number }[];
  /** Accounts with the most failed sign-ins, ten at most. */
  readonly accounts: readonly { readonly subjectId: string; readonly failed: number }[];
}

const LONGEST_MS = 31 * DAY_MS;
const MOST = 10;

type Events = SelectQueryBuilder<AuditRow>;

interface DayRow {
  readonly day: string | number;
  readonly type: AuthEventType;
  readonly amount: string | number;
}

/** Counts events of a bounded time. */
@Injectable()
export class AuditStatistics {
  constructor(private readonly database: Database) {}

  /** Epoch ms. Throws `VALIDATION_FAILED` (400) for more than 31 days, or none. */
  between(from: number, to: number): Promise<AuditSummary> {
    if (!(from < to) || to - from > LONGEST_MS) {
      const details = [{ field: 'from', rule: 'range', message: 'This is before `to`, by 31 days at most.' }];
      throw new AuthError('VALIDATION_FAILED', { details });
    }
    return this.database.read(async (manager) => {
      const within = (): Events => eventsBetween(manager, from, to);
      return {
        from: new Date(from),
        to: new Date(to),
        events: await byType(within()),
        days: await byDay(within()),
        addresses: (await mostFailed(within(), 'address')).map(({ value, failed }) => ({ address: value, failed })),
        accounts: (await mostFailed(within(), 'subjectId')).map(({ value, failed }) => ({ subjectId: value, failed })),
      };
    });
  }
}

function eventsBetween(manager: EntityManager, from: number, to: number): Events {
  return manager.createQueryBuilder(AuditRow, 'r').where('r.at >= :from AND r.at < :to', { from, to });
}

async function byType(events: Events): Promise<AuditSummary['events']> {
  const rows = await events
    .select('r.type', 'type')
    .addSelect('r.outcome', 'outcome')
    .addSelect('COUNT(*)', 'amount')
    .groupBy('r.type')
    .addGroupBy('r.outcome')
    .orderBy('r.type')
    .addOrderBy('r.outcome')
    .getRawMany<{ type: AuthEventType; outcome: EventOutcome; amount: string | number }>();
  return rows.map(({ type, outcome, amount }) => ({ type, outcome, count: Number(amount) }));
}

async function byDay(events: Events): Promise<AuditSummary['days']> {
  const day = `r.at - r.at % ${DAY_MS}`;
  const rows = await events
    .select(day, 'day')
    .addSelect('r.type', 'type')
    .addSelect('COUNT(*)', 'amount')
    .andWhere("r.type IN ('sign_in.succeeded', 'sign_in.failed')")
    .groupBy(day)
    .addGroupBy('r.type')
    .getRawMany<DayRow>();
  const days = [...new Set(rows.map((row) => Number(row.day)))].sort((one, other) => one - other);
  const amount = (at: number, type: AuthEventType): number =>
    Number(rows.find((row) => Number(row.day) === at && row.type === type)?.amount ?? 0);
  return days.map((at) => ({
    day: new Date(at).toISOString().slice(0, 'yyyy-mm-dd'.length),
    succeeded: amount(at, 'sign_in.succeeded'),
    failed: amount(at, 'sign_in.failed'),
  }));
}

async function mostFailed(
  events: Events,
  column: 'address' | 'subjectId',
): Promise<readonly { readonly value: string; readonly failed: number }[]> {
  const rows = await events
    .select(`r.${column}`, 'value')
    .addSelect('COUNT(*)', 'amount')
    .andWhere(`r.type IN (:...types) AND r.${column} IS NOT NULL`, { types: FAILED_SIGN_INS })
    .groupBy(`r.${column}`)
    .orderBy('COUNT(*)', 'DESC')
    .addOrderBy(`r.${column}`)
    .limit(MOST)
    .getRawMany<{ value: string; amount: string | number }>();
  return rows.map(({ value, amount }) => ({ value, failed: Number(amount) }));
}
