import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleInit, type Type } from '@nestjs/common';
import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { currentInspection } from '../common/inspection.js';
import { Database } from '../database/database.js';
import { isMysql } from '../database/dialect.js';
import { StatementError } from '../database/statement-error.js';
import { AuthError } from '../errors/auth-error.js';
import { StartUpError } from '../errors/start-up-error.js';
import { AuthSettings } from '../options/auth-settings.js';
import { Account } from '../users/account.entity.js';
import { UserTable } from '../users/user-table.js';
import { PasswordHasher } from './password-hasher.js';
import { PasswordHistoryEntry } from './password-history-entry.entity.js';
import { MAX_STORED } from './password-keys.js';
import { Passwords } from './passwords.service.js';
import { INSTALL_ARGON2, SchemePasswordHasher } from './scheme-password-hasher.js';
import { argon2Sql, kindSql, KIND_OF_PEPPER, type ImportedKind } from './stored-kinds.js';

interface Group {
  /** `p=<id>` for a pepper, else as `kindSql` says. */
  readonly kind: string;
  readonly argon2: number | string;
  readonly amount: number | string;
}

type ImportedCounts = Readonly<Record<ImportedKind, number>>;

/**
 * What the stored passwords need in order to be checked, looked through at start: it is noticed while the pepper is still
 * at hand, and not when the first user is refused.
 */
@Injectable()
export class StoredPasswords implements OnModuleInit, OnApplicationBootstrap {
  private readonly logger = new Logger('Gatehouse');
  private found: ImportedCounts = { bcrypt: 0, scrypt: 0, argon2: 0 };

  constructor(
    private readonly database: Database,
    private readonly table: UserTable,
    private readonly hasher: PasswordHasher,
    private readonly passwords: Passwords,
    private readonly settings: AuthSettings,
  ) {}

  /** Users whose hash came out of another application, by its scheme, as they were at start. */
  get imported(): ImportedCounts {
    return this.found;
  }

  /** After what is wrong with the entity itself has been told. */
  async onApplicationBootstrap(): Promise<void> {
    await this.refuseNarrowColumn();
  }

  async onModuleInit(): Promise<void> {
    // Another hasher has texts of its own.
    if (!(this.hasher instanceof SchemePasswordHasher)) return;
    const problems: string[] = [];
    const users = await this.groups((manager) => this.users(manager));
    const history = await this.groups((manager) => column(manager, PasswordHistoryEntry, 'h', 'h.hash'));
    problems.push(...this.lostPeppers([...users, ...history]));
    const argon2 = total([...users, ...history].filter((group) => Number(group.argon2) === 1));
    if (argon2 > 0 && !(await this.hasher.hasArgon2())) problems.push(`${argon2} ${INSTALL_ARGON2}`);
    if (problems.length > 0) throw new StartUpError('stored passwords could not be checked any more.', problems);
    const count = (kind: ImportedKind): number => total(users.filter((group) => group.kind === kind));
    this.found = { bcrypt: count('bcrypt'), scrypt: count('scrypt'), argon2: count('argon2') };
  }

  /** What the hasher makes is known only now: argon2 and the id of a pepper make it longer. */
  private async refuseNarrowColumn(): Promise<void> {
    const column = this.isMapped() ? this.table.columns.find('passwordHash') : undefined;
    const length = Number(column?.length ?? 0);
    const needed = await this.passwords.storedLength();
    if (column === undefined || length === 0 || length >= needed) return;
    throw new StartUpError('passwords could not be stored.', [
      `${this.table.metadata.tableName}.${column.databaseName} holds ${length} characters, what PasswordHasher makes has ` +
        `${needed}: make it varchar(${MAX_STORED}).`,
    ]);
  }

  private lostPeppers(groups: readonly Group[]): string[] {
    const keys = this.settings.passwords.pepper?.keys ?? {};
    const ids = groups.flatMap(({ kind }) => KIND_OF_PEPPER.exec(kind)?.[1] ?? []);
    const lost = [...new Set(ids)].filter((id) => !Object.hasOwn(keys, id));
    return lost.map((id) => {
      const amount = total(groups.filter(({ kind }) => kind === `p=${id}`));
      return `passwords.pepper.keys: ${amount} stored passwords name the pepper ${id}, which is not there. Put it back.`;
    });
  }

  private users(manager: EntityManager): SelectQueryBuilder<ObjectLiteral> {
    const path = this.table.path('passwordHash');
    return path.startsWith('a.')
      ? column(manager, Account, 'a', path)
      : column(manager, this.table.entity, 'u', path).withDeleted();
  }

  private async groups(query: (manager: EntityManager) => SelectQueryBuilder<ObjectLiteral>): Promise<Group[]> {
    const isHex = isMysql(this.database.dataSource);
    try {
      const rows = await this.database.read((manager) => query(manager).getRawMany<Group>());
      return rows.map((row) => ({ ...row, kind: isHex ? Buffer.from(row.kind, 'hex').toString('latin1') : row.kind }));
    } catch (error) {
      if (error instanceof AuthError) {
        if (currentInspection() !== undefined) throw error;
        this.logger.warn('The stored passwords could not be looked through for their peppers in time.');
        return [];
      }
      // A table or column that is not there is told of elsewhere.
      if (error instanceof StatementError || !this.isMapped()) return [];
      throw error;
    }
  }

  private isMapped(): boolean {
    try {
      return this.database.dataSource.hasMetadata(PasswordHistoryEntry) && this.table.path('passwordHash') !== '';
    } catch {
      return false;
    }
  }
}

function column(
  manager: EntityManager,
  entity: Type<ObjectLiteral>,
  alias: string,
  path: string,
): SelectQueryBuilder<ObjectLiteral> {
  // Most collations of MySQL take ids that differ by case for the same.
  const kind = isMysql(manager.connection) ? `HEX(${kindSql(path)})` : kindSql(path);
  return manager
    .createQueryBuilder(entity, alias)
    .select(kind, 'kind')
    .addSelect(argon2Sql(path), 'argon2')
    .addSelect('COUNT(*)', 'amount')
    .where(`${path} IS NOT NULL AND ${path} <> ''`)
    .groupBy(kind)
    .addGroupBy(argon2Sql(path));
}

function total(groups: readonly Group[]): number {
  return groups.reduce((sum, { amount }) => sum + Number(amount), 0);
}
