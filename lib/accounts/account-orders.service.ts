import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.js';
import { isMysql } from '../database/dialect.js';
import { UserRole } from '../roles/user-role.entity.js';
import { Account } from '../users/account.entity.js';
import { UserTable } from '../users/user-table.js';
import { notOurs, type ListOrder } from './account-cursor.js';
import type { AccountFilter } from './account-view.js';

/** A user whom a list may show, and where in it. */
export interface Candidate {
  readonly userId: string;
  readonly position: string;
}

/** Reads on after a position, so many. */
export type NextCandidates = (manager: EntityManager, after: string | undefined, take: number) => Promise<Candidate[]>;

const DISABLED_POSITION = /^(\d{1,15})_(.{1,36})$/;
/** The last character there is: no address begins with the prefix and comes after it. */
const LAST = '\u{10FFFF}';

/**
 * The ways to go through the accounts. Each reads an index from a position on, so that a page costs the same at the end of a
 * large table as at its beginning.
 */
@Injectable()
export class AccountOrders {
  constructor(
    private readonly database: Database,
    private readonly table: UserTable,
  ) {}

  /** The one that leaves out most. */
  of({ email, role, disabled }: AccountFilter): { readonly order: ListOrder; readonly next: NextCandidates } {
    if (email !== undefined && email !== '') {
      return { order: 'a', next: (manager, after, take) => this.byAddress(manager, email, after, take) };
    }
    if (role !== undefined) {
      return { order: 'r', next: (manager, after, take) => this.byRole(manager, role, after, take) };
    }
    if (disabled === true) return { order: 'd', next: (...page) => this.byDisabling(...page) };
    return { order: 'i', next: (...page) => this.byId(...page) };
  }

  private async byId(manager: EntityManager, after: string | undefined, take: number): Promise<Candidate[]> {
    const { table } = this;
    const id = table.path('id');
    const query = manager.createQueryBuilder(table.entity, 'u').select(table.idText, 'userId');
    if (after !== undefined) {
      const key = table.keyOf(after);
      if (key === undefined) throw notOurs();
      query.where(`${id} < :key`, { key });
    }
    const rows = await query.orderBy(id, 'DESC').limit(take).getRawMany<{ userId: unknown }>();
    return rows.map(({ userId }) => ({ userId: String(userId), position: String(userId) }));
  }

  /** PostgreSQL uses an index for it where there is one with the collation "C": in others text does not sort by its beginning. */
  private async byAddress(
    manager: EntityManager,
    prefix: string,
    after: string | undefined,
    take: number,
  ): Promise<Candidate[]> {
    const { table } = this;
    const isPostgres = this.database.dataSource.options.type === 'postgres';
    const address = `${table.path('emailCanonical')}${isPostgres ? ' COLLATE "C"' : ''}`;
    const query = manager
      .createQueryBuilder(table.entity, 'u')
      .select(table.idText, 'userId')
      .addSelect(address, 'position');
    if (isMysql(this.database.dataSource)) {
      query.where(`${address} LIKE :like ESCAPE '!'`, { like: `${prefix.replaceAll(/[!%_]/g, '!$&')}%` });
    } else {
      query.where(`${address} >= :prefix AND ${address} < :end`, { prefix, end: `${prefix}${LAST}` });
    }
    if (after !== undefined) query.andWhere(`${address} > :after`, { after });
    const rows = await query.orderBy('position').limit(take).getRawMany<{ userId: unknown; position: string }>();
    return rows.map(({ userId, position }) => ({ userId: String(userId), position }));
  }

  private async byRole(
    manager: EntityManager,
    role: string,
    after: string | undefined,
    take: number,
  ): Promise<Candidate[]> {
    const query = manager
      .createQueryBuilder(UserRole, 'r')
      .select('r.userId', 'userId')
      .where('r.role = :role', { role });
    if (after !== undefined) query.andWhere('r.userId < :after', { after });
    const rows = await query.orderBy('r.userId', 'DESC').limit(take).getRawMany<{ userId: string }>();
    return rows.map(({ userId }) => ({ userId, position: userId }));
  }

  /** The latest first. The first half of the condition by itself lets every database use its index. */
  private async byDisabling(manager: EntityManager, after: string | undefined, take: number): Promise<Candidate[]> {
    const query = manager
      .createQueryBuilder(Account, 'a')
      .select('a.userId', 'userId')
      .addSelect('a.disabledAt', 'at')
      .where('a.disabledAt IS NOT NULL');
    if (after !== undefined) {
      const [, at, id] = DISABLED_POSITION.exec(after) ?? [];
      if (at === undefined) throw notOurs();
      query.andWhere('a.disabledAt <= :at AND (a.disabledAt < :at OR a.userId < :id)', { at: Number(at), id });
    }
    const rows = await query
      .orderBy('a.disabledAt', 'DESC')
      .addOrderBy('a.userId', 'DESC')
      .limit(take)
      .getRawMany<{ userId: string; at: string | number }>();
    return rows.map(({ userId, at }) => ({ userId, position: `${at}_${userId}` }));
  }
}
