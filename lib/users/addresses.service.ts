import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { AuthSettings } from '../options/auth-settings.js';
import { Account } from './account.entity.js';
import { Credentials } from './credentials.service.js';
import { tableName } from './escaped-names.js';
import { UnprovenFields } from './unproven-fields.service.js';
import { UserTable } from './user-table.js';

/** Who has an address, as a registration of it finds out. */
export interface AddressOwner {
  readonly userId: string;
  readonly emailVerified: boolean;
  /** A user whom the application made has no account before the first sign-in. */
  readonly hasAccount: boolean;
}

type Row = Readonly<Record<string, unknown>>;

/** What is known of an address: who has it, whether that is in dispute, and what happens once somebody proves it. */
@Injectable()
export class Addresses {
  constructor(
    private readonly database: Database,
    private readonly table: UserTable,
    private readonly credentials: Credentials,
    private readonly unproven: UnprovenFields,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** Also of a row that is only marked as deleted: its address is still in the unique index. */
  async ownerOf(emailCanonical: string): Promise<AddressOwner | undefined> {
    const { table } = this;
    const row = await this.database.read((manager) =>
      manager
        .createQueryBuilder(table.entity, 'u')
        .withDeleted()
        .leftJoin(Account, 'a', `a.userId = ${table.idText}`)
        .select(table.idText, 'userId')
        .addSelect(table.path('emailVerifiedAt'), 'emailVerifiedAt')
        .addSelect('a.userId', 'accountId')
        .where(`${table.path('emailCanonical')} = :emailCanonical`, { emailCanonical })
        .getRawOne<Row>(),
    );
    if (row === undefined) return undefined;
    return {
      userId: String(row['userId']),
      emailVerified: table.columns.hasCome('emailVerifiedAt', row['emailVerifiedAt']),
      hasAccount: row['accountId'] !== null,
    };
  }

  /**
   * Inside `Database.write`: marks an unproven address as registered once more, by one statement, which matches nothing
   * for a proven one and for none. It ends what was mailed and signed in before, once: a stranger who registers the
   * address again and again must not end each new link. Where nobody has to prove anything it ends nothing.
   */
  async contest(manager: EntityManager, userId: string | undefined): Promise<void> {
    const ends = this.settings.emailVerification !== 'off';
    await manager
      .createQueryBuilder()
      .update(Account)
      .set({ contestedAt: this.clock.now(), ...(ends ? { epoch: () => 'epoch + 1' } : {}) })
      .where('userId = :userId AND contestedAt IS NULL', { userId: userId ?? '' })
      .andWhere(this.isUnproven(manager), { key: this.table.keyOf(userId ?? '') ?? null, no: false })
      .execute();
  }

  /**
   * Inside `Database.write`: the address is proven. Of a contested one nothing but the address: the password, the fields,
   * the factors and the sessions may be of somebody else. With `anew` that holds for every account: for a proof by somebody who does
   * not say that the account is of their making. Answers whether that was so.
   */
  async prove(manager: EntityManager, userId: string, { anew = false } = {}): Promise<boolean> {
    const { affected } = await manager
      .createQueryBuilder()
      .update(Account)
      .set({ contestedAt: null, epoch: () => 'epoch + 1' })
      .where(`userId = :userId${anew ? '' : ' AND contestedAt IS NOT NULL'}`, { userId })
      .execute();
    const begins = affected === 1;
    if (begins) {
      await this.table.dropPasswordHash(manager, userId);
      await this.credentials.drop(manager, userId);
      await this.unproven.reset(manager, userId);
    }
    await this.table.setEmailVerified(manager, userId, this.clock.now());
    return begins;
  }

  /** Column names are spelled out where two tables meet: the builder of an UPDATE knows the properties of one. */
  private isUnproven(manager: EntityManager): string {
    const { columns, entity } = this.table;
    const escape = (name: string): string => manager.connection.driver.escape(name);
    const moment = columns.find('emailVerifiedAt');
    const column = moment?.databaseName ?? 'email_verified_at';
    const path = `${moment === undefined ? tableName(manager, Account) : 'u'}.${escape(column)}`;
    const kind = columns.findMomentKind('emailVerifiedAt');
    const none = { flag: ` OR ${path} = :no`, ms: ` OR ${path} <= 0`, date: '' }[kind ?? 'date'];
    const id = `u.${escape(columns.id.column.databaseName)}`;
    return `EXISTS (SELECT 1 FROM ${tableName(manager, entity)} u WHERE ${id} = :key AND (${path} IS NULL${none}))`;
  }
}
