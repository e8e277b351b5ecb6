import { Injectable } from '@nestjs/common';
import { canonicalIdentifier } from '../common/email-address.js';
import { Database } from '../database/database.js';
import { AuthSettings } from '../options/auth-settings.js';
import { UserRole } from '../roles/user-role.entity.js';
import { Account } from './account.entity.js';
import { UserTable } from './user-table.js';

/** What a sign-in reads before its verdict: one row, whichever identifier was typed. */
export interface SignInCandidate {
  readonly userId: string;
  /** Empty for one of the application's own table that has no address. */
  readonly emailCanonical: string;
  readonly passwordHash: string | null;
  readonly epoch: number;
  readonly disabled: boolean;
  readonly emailVerified: boolean;
  readonly failedInRow: number;
  readonly failedInRowKnown: number;
}

/** A user as every answer shows one: never the entity. */
export interface PublicUser {
  readonly id: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly roles: readonly string[];
  /** ISO 8601. `null` for a user of whom no table says when. */
  readonly createdAt: string | null;
  readonly [field: string]: unknown;
}

const ACCOUNT_COLUMNS = ['epoch', 'disabledAt', 'failedInRow', 'failedInRowKnown'] as const;

type SignInRow = Readonly<Record<string, unknown>>;

/** Reads the application's user table. */
@Injectable()
export class UserDirectory {
  constructor(
    private readonly database: Database,
    private readonly settings: AuthSettings,
    private readonly table: UserTable,
  ) {}

  /** One query over all identifiers, the same for known and unknown ones. The first configured column that matches wins. */
  async findForSignIn(typed: string): Promise<SignInCandidate | undefined> {
    const { table } = this;
    const identifiers = this.settings.identifiers.map((name) =>
      name === 'email'
        ? { path: table.path('emailCanonical'), value: canonicalIdentifier(typed), form: canonicalIdentifier }
        : { path: `u.${name}`, value: typed.trim(), form: (text: string) => text },
    );
    const rows = await this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(table.entity, 'u')
        .leftJoin(Account, 'a', `a.userId = ${table.idText}`)
        .select(table.idText, 'userId')
        .addSelect(table.path('emailCanonical'), 'emailCanonical')
        .addSelect(table.path('passwordHash'), 'passwordHash')
        .addSelect(table.path('emailVerifiedAt'), 'emailVerifiedAt');
      for (const column of ACCOUNT_COLUMNS) query.addSelect(`a.${column}`, column);
      for (const [index, { path, value }] of identifiers.entries()) {
        query.addSelect(path, `typed${index}`).orWhere(`${path} = :typed${index}`, { [`typed${index}`]: value });
      }
      return query.getRawMany<SignInRow>();
    });
    // One identifier may be another's value elsewhere: the order of the option decides. A collation finds more than is meant.
    const row = identifiers
      .map(({ value, form }, index) => rows.find((candidate) => form(String(candidate[`typed${index}`])) === value))
      .find((candidate) => candidate !== undefined);
    return row === undefined ? undefined : this.candidateOf(row);
  }

  /** What the user's password is compared with; `null` for a user without one, and for none. */
  async passwordHashOf(userId: string): Promise<string | null> {
    const { table } = this;
    const key = table.keyOf(userId);
    if (key === undefined) return null;
    const rows = await this.database.read((manager) =>
      manager
        .createQueryBuilder(table.entity, 'u')
        .leftJoin(Account, 'a', `a.userId = ${table.idText}`)
        .select(table.idText, 'userId')
        .addSelect(table.path('passwordHash'), 'passwordHash')
        .where(`${table.path('id')} = :key`, { key })
        .getRawMany<SignInRow>(),
    );
    return hashIn(rows.find((row) => String(row['userId']) === userId));
  }

  /** The account's epoch; 0 while it has no row, and for a text that is no id of the table. */
  async epochOf(userId: string): Promise<number> {
    if (this.table.keyOf(userId) === undefined) return 0;
    return (await this.accountOf(userId))?.epoch ?? 0;
  }

  /** The application's entity. */
  load(userId: string): Promise<object | undefined> {
    return this.database.read((manager) => this.table.load(manager, userId));
  }

  async rolesOf(userId: string): Promise<string[]> {
    const rows = await this.database.read((manager) => manager.findBy(UserRole, { userId }));
    return rows.map(({ role }) => role).sort();
  }

  /** The user with roles, for an answer; `undefined` when there is none. */
  async publicUser(userId: string): Promise<PublicUser | undefined> {
    const user = await this.load(userId);
    if (user === undefined) return undefined;
    const account = this.table.columns.keptByUs.length > 0 ? await this.accountOf(userId) : undefined;
    return this.present(user, await this.rolesOf(userId), account);
  }

  /** A loaded user as answers show one. The account is needed where it keeps columns for the table. */
  present(user: object, roles: readonly string[], account: Account | undefined): PublicUser {
    const { columns } = this.table;
    const values = user as Readonly<Record<string, unknown>>;
    const extra: Record<string, unknown> = {};
    for (const field of this.settings.publicUserFields) extra[field] = values[field] ?? null;
    const createdMs = columns.momentMs('createdAt', this.table.momentOf(user, account, 'createdAt'));
    return {
      ...extra,
      id: this.table.idOf(user),
      email: columns.textOf(user, 'email') ?? '',
      emailVerified: columns.hasCome('emailVerifiedAt', this.table.momentOf(user, account, 'emailVerifiedAt')),
      roles,
      createdAt: createdMs === null ? null : new Date(createdMs).toISOString(),
    };
  }

  private async accountOf(userId: string): Promise<Account | undefined> {
    return (await this.database.read((manager) => manager.findOneBy(Account, { userId }))) ?? undefined;
  }

  private candidateOf(row: SignInRow): SignInCandidate | undefined {
    const { emailCanonical } = row;
    const userId = String(row['userId']);
    if (this.table.keyOf(userId) === undefined) return undefined;
    return {
      userId,
      emailCanonical: typeof emailCanonical === 'string' ? canonicalIdentifier(emailCanonical) : '',
      passwordHash: hashIn(row),
      epoch: Number(row['epoch'] ?? 0),
      disabled: row['disabledAt'] !== null,
      emailVerified: this.table.columns.hasCome('emailVerifiedAt', row['emailVerifiedAt']),
      failedInRow: Number(row['failedInRow'] ?? 0),
      failedInRowKnown: Number(row['failedInRowKnown'] ?? 0),
    };
  }
}

/** A column that takes no NULL holds an empty text for a user without a password. */
function hashIn(row: SignInRow | undefined): string | null {
  const hash = row?.['passwordHash'];
  return typeof hash === 'string' && hash !== '' ? hash : null;
}
