import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { canonicalIdentifier } from '../common/email-address.js';
import { Database } from '../database/database.js';
import { Account } from './account.entity.js';
import { UserTable } from './user-table.js';

/** What mail and mailed tokens need to know of an account. */
export interface MailAccount {
  readonly userId: string;
  /** As typed: where mail goes. */
  readonly email: string;
  readonly emailCanonical: string;
  readonly emailVerified: boolean;
  readonly hasPassword: boolean;
  readonly epoch: number;
  readonly disabled: boolean;
  /** Registered more than once before anybody proved the address. */
  readonly contested: boolean;
}

type Row = Readonly<Record<string, unknown>>;

/** Reads accounts for mail: by address and by id, in one query. */
@Injectable()
export class MailAccounts {
  constructor(
    private readonly database: Database,
    private readonly table: UserTable,
  ) {}

  find(userId: string): Promise<MailAccount | undefined> {
    return this.database.read((manager) => this.findIn(manager, userId));
  }

  /** The same inside a transaction: what is true in it. */
  async findIn(manager: EntityManager, userId: string): Promise<MailAccount | undefined> {
    const key = this.table.keyOf(userId);
    if (key === undefined) return undefined;
    return this.read(manager, this.table.path('id'), key, (account) => account.userId === userId);
  }

  findByAddress(address: string): Promise<MailAccount | undefined> {
    const canonical = canonicalIdentifier(address);
    // A collation finds more than is meant.
    const isMeant = (account: MailAccount): boolean => account.emailCanonical === canonical;
    return this.database.read((manager) => this.read(manager, this.table.path('emailCanonical'), canonical, isMeant));
  }

  private async read(
    manager: EntityManager,
    path: string,
    value: unknown,
    isMeant: (account: MailAccount) => boolean,
  ): Promise<MailAccount | undefined> {
    const { table } = this;
    const rows = await manager
      .createQueryBuilder(table.entity, 'u')
      .leftJoin(Account, 'a', `a.userId = ${table.idText}`)
      .select(table.idText, 'userId')
      .addSelect(table.path('email'), 'email')
      .addSelect(table.path('emailCanonical'), 'emailCanonical')
      .addSelect(table.path('passwordHash'), 'passwordHash')
      .addSelect(table.path('emailVerifiedAt'), 'emailVerifiedAt')
      .addSelect('a.epoch', 'epoch')
      .addSelect('a.disabledAt', 'disabledAt')
      .addSelect('a.contestedAt', 'contestedAt')
      .where(`${path} = :value`, { value })
      .getRawMany<Row>();
    return rows.map((row) => this.accountOf(row)).find(isMeant);
  }

  private accountOf(row: Row): MailAccount {
    const { passwordHash } = row;
    return {
      userId: String(row['userId']),
      email: textOf(row['email']),
      emailCanonical: canonicalIdentifier(textOf(row['emailCanonical'])),
      emailVerified: this.table.columns.hasCome('emailVerifiedAt', row['emailVerifiedAt']),
      hasPassword: typeof passwordHash === 'string' && passwordHash !== '',
      epoch: Number(row['epoch'] ?? 0),
      disabled: (row['disabledAt'] ?? null) !== null,
      contested: (row['contestedAt'] ?? null) !== null,
    };
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
