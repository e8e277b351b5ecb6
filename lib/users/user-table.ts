import { Inject, Injectable, type Type } from '@nestjs/common';
import type { EntityManager, EntityMetadata, ObjectLiteral, QueryDeepPartialEntity } from 'typeorm';
import { canonicalIdentifier } from '../common/email-address.js';
import { uuidv7 } from '../common/random.js';
import { Database } from '../database/database.js';
import type { AuthStructure } from '../options/auth-options.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { ensureAccount } from './account-epoch.js';
import { Account } from './account.entity.js';
import { OwnedRows } from './owned-rows.service.js';
import { UserColumnMap, type MomentColumn, type UserColumn } from './user-column-map.js';
import type { UserKey } from './user-id-column.js';

export interface UserRow {
  readonly email: string;
  readonly emailCanonical: string;
  readonly passwordHash: string | null;
  /** Epoch ms. */
  readonly emailVerifiedAt: number | null;
  /** Epoch ms. */
  readonly createdAt: number;
  /** The application's own columns. */
  readonly values: Readonly<Record<string, unknown>>;
}

export interface NewAddress {
  readonly email: string;
  /** The canonical form of the one before. */
  readonly instead: string;
  /** Epoch ms at which it was proven. `null`: nobody has proven it. */
  readonly at: number | null;
  /** Columns of the application's own. */
  readonly own?: Readonly<Record<string, unknown>>;
}

type Values = QueryDeepPartialEntity<ObjectLiteral>;

const NOBODY = { passwordHash: null, emailVerifiedAt: null, createdAt: null } as const;
const FIRST = { sessionSeq: 0, failedInRow: 0, failedInRowKnown: 0, disabledAt: null, contestedAt: null } as const;

/**
 * The application's user table, whatever its columns are called and its ids are made of: the one place that knows.
 * A text that is no id of the table is no user, in every method, and costs no statement.
 *
 * In queries the user is `u` and the account, which holds what the table has no column for, is `a`.
 */
@Injectable()
export class UserTable {
  private map: UserColumnMap | undefined;

  constructor(
    private readonly database: Database,
    private readonly owned: OwnedRows,
    @Inject(AUTH_STRUCTURE) private readonly structure: AuthStructure,
  ) {}

  get entity(): Type<ObjectLiteral> {
    return this.structure.userEntity;
  }

  get metadata(): EntityMetadata {
    return this.database.dataSource.getMetadata(this.entity);
  }

  get columns(): UserColumnMap {
    const { driver } = this.database.dataSource;
    return (this.map ??= new UserColumnMap(driver, this.metadata, this.structure.userColumns ?? {}));
  }

  /** The path of a column in queries. */
  path(name: UserColumn): string {
    if (name === 'emailCanonical') return `u.${this.columns.canonical.propertyPath}`;
    return this.columns.keptByUs.includes(name) ? `a.${name}` : `u.${this.columns.property(name)}`;
  }

  /** SQL of the user's id as text, which is what every table of ours holds. */
  get idText(): string {
    return this.columns.id.asText(this.path('id'));
  }

  /** The id as a parameter for `path('id')`. */
  keyOf(userId: string): UserKey | undefined {
    return this.columns.id.keyOf(userId);
  }

  idOf(user: object): string {
    return this.columns.id.textOf(user);
  }

  /** The application's entity, without its password hash. */
  async load(manager: EntityManager, userId: string): Promise<object | undefined> {
    const where = this.where(userId);
    const user = where === undefined ? null : await manager.findOneBy(this.entity, where);
    // A collation may find another spelling.
    if (user === null || this.idOf(user) !== userId) return undefined;
    this.columns.withoutHash(user);
    return user;
  }

  /** The new user with its id: a row of the table and the account. Throws what a unique index said. */
  async insert(manager: EntityManager, row: UserRow): Promise<object> {
    const { id } = this.columns;
    const user = this.build(row);
    const query = manager.createQueryBuilder().insert().into(this.entity).values(user);
    // One statement in every database: reading further defaults back would be one more than a taken address costs.
    query.updateEntity(false);
    const answersId = !id.isOurs && this.database.dataSource.driver.isReturningSqlSupported('insert');
    if (answersId) query.returning([id.column.propertyPath]);
    const { raw } = (await query.execute()) as { raw: unknown };
    if (!id.isOurs) id.column.setEntityValue(user, id.valueOf(id.generatedIn(raw)));
    await this.insertAccount(manager, this.idOf(user), row);
    return user;
  }

  /** As many statements as `insert`, matching nothing; with the id of a user, makes the account that it lacks. */
  async insertNothing(manager: EntityManager, userId?: string): Promise<void> {
    const nothing = { [this.columns.property('email')]: '' } as Values;
    await manager.createQueryBuilder().update(this.entity).set(nothing).where('1 = 0').execute();
    if (userId === undefined) await manager.update(Account, { userId: '' }, { epoch: 0 });
    else await ensureAccount(manager, userId);
    if (!this.columns.id.mayReturn) return;
    await manager.update(Account, { userId: '' }, { epoch: 0 });
    await this.owned.erase(manager, '');
  }

  /** Sets columns of the application's own. */
  async update(manager: EntityManager, userId: string, values: Readonly<Record<string, unknown>>): Promise<void> {
    const where = this.where(userId);
    if (where !== undefined) await manager.update(this.entity, where, values);
  }

  async delete(manager: EntityManager, userId: string): Promise<void> {
    const where = this.where(userId);
    if (where !== undefined) await manager.delete(this.entity, where);
    if (this.columns.keptByUs.length > 0) await manager.update(Account, { userId }, NOBODY);
  }

  /** The stored password hash; `null` for a user without a password, and for nobody. */
  async passwordHashOf(manager: EntityManager, userId: string): Promise<string | null> {
    const inAccount = this.columns.keptByUs.includes('passwordHash');
    const key = inAccount ? userId : this.keyOf(userId);
    if (key === undefined) return null;
    const query = inAccount
      ? manager.createQueryBuilder(Account, 'a').where('a.userId = :key', { key })
      : manager.createQueryBuilder(this.entity, 'u').where(`${this.path('id')} = :key`, { key });
    const row = await query.select(this.path('passwordHash'), 'hash').getRawOne<{ hash: string | null }>();
    // A column that takes no NULL holds an empty text.
    return row?.hash || null;
  }

  /** With `instead`, only while that hash is the stored one. */
  async setPasswordHash(manager: EntityManager, userId: string, hash: string, instead?: string): Promise<void> {
    if (this.columns.keptByUs.includes('passwordHash')) {
      const stored = instead === undefined ? {} : { passwordHash: instead };
      await manager.update(Account, { userId, ...stored }, { passwordHash: hash });
      return;
    }
    const where = this.where(userId);
    const property = this.columns.property('passwordHash');
    const stored = instead === undefined ? {} : { [property]: instead };
    if (where !== undefined) await manager.update(this.entity, { ...where, ...stored }, { [property]: hash });
  }

  /** Takes the password away: none signs in any more until a new one is set. */
  async dropPasswordHash(manager: EntityManager, userId: string): Promise<void> {
    const column = this.columns.find('passwordHash');
    if (column === undefined) {
      await manager.update(Account, { userId }, { passwordHash: null });
      return;
    }
    await this.update(manager, userId, { [column.propertyPath]: column.isNullable ? null : '' });
  }

  /**
   * Gives the account another address, only while it still has the one that is said, with columns of the application's own
   * in the same statement. Throws what a unique index said.
   */
  async setEmail(
    manager: EntityManager,
    userId: string,
    { email, instead, at, own = {} }: NewAddress,
  ): Promise<boolean> {
    const where = this.where(userId);
    if (where === undefined) return false;
    const { canonical } = this.columns;
    const values = {
      ...own,
      [this.columns.property('email')]: email,
      [canonical.propertyPath]: canonicalIdentifier(email),
    };
    const { affected } = await manager.update(this.entity, { ...where, [canonical.propertyPath]: instead }, values);
    if (affected !== 1) return false;
    await this.setEmailVerified(manager, userId, at);
    await manager.update(Account, { userId }, { contestedAt: null });
    return true;
  }

  /** `null`: nobody has proven it. */
  async setEmailVerified(manager: EntityManager, userId: string, at: number | null): Promise<void> {
    if (!this.columns.keptByUs.includes('emailVerifiedAt')) {
      const value = this.columns.momentValue('emailVerifiedAt', at);
      return this.update(manager, userId, { [this.columns.property('emailVerifiedAt')]: value });
    }
    await ensureAccount(manager, userId);
    await manager.update(Account, { userId }, { emailVerifiedAt: at });
  }

  /** What the database holds for a moment of a loaded user. */
  momentOf(user: object, account: Account | undefined, name: MomentColumn): unknown {
    const column = this.columns.find(name);
    return column === undefined ? account?.[name] : (column.getEntityValue(user, true) as unknown);
  }

  private where(userId: string): ObjectLiteral | undefined {
    const key = this.keyOf(userId);
    const { id } = this.columns;
    return key === undefined ? undefined : { [id.column.propertyPath]: id.valueOf(key) };
  }

  private build({ values, ...row }: UserRow): ObjectLiteral {
    const { columns } = this;
    const own = Object.entries(values).filter(([name]) => !columns.owned.has(name));
    const user = Object.assign<ObjectLiteral, object>(new this.entity(), Object.fromEntries(own));
    if (columns.id.isOurs) user[columns.property('id')] = uuidv7(row.createdAt);
    else delete user[columns.property('id')];
    user[columns.property('email')] = row.email;
    // Without a column for it the address itself is the canonical one.
    user[columns.canonical.propertyPath] = row.emailCanonical;
    const hash = columns.find('passwordHash');
    if (hash !== undefined) user[hash.propertyPath] = row.passwordHash ?? (hash.isNullable ? null : '');
    for (const name of ['emailVerifiedAt', 'createdAt'] as const) {
      const column = columns.find(name);
      if (column !== undefined) user[column.propertyPath] = columns.momentValue(name, row[name]);
    }
    return user;
  }

  /** A number that comes back finds the account and the rows of whoever had it before: nothing of them may pass on. */
  private async insertAccount(manager: EntityManager, userId: string, row: UserRow): Promise<void> {
    const { keptByUs, id } = this.columns;
    const kept = Object.fromEntries(
      (['passwordHash', 'emailVerifiedAt', 'createdAt'] as const)
        .filter((name) => keptByUs.includes(name))
        .map((name) => [name, row[name]]),
    );
    if (!id.mayReturn) {
      await manager
        .createQueryBuilder()
        .insert()
        .into(Account)
        .values({ userId, ...kept })
        .updateEntity(false)
        .execute();
      return;
    }
    await ensureAccount(manager, userId);
    const anew = { ...NOBODY, ...FIRST, ...kept, epoch: () => 'epoch + 1' };
    await manager.createQueryBuilder().update(Account).set(anew).where('userId = :userId', { userId }).execute();
    await this.owned.erase(manager, userId);
  }
}
