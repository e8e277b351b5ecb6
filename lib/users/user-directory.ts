import { Inject, Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { canonicalIdentifier } from '../common/email-address.js';
import { Database } from '../database/database.js';
import type { AuthStructure } from '../options/auth-options.js';
import { AuthSettings } from '../options/auth-settings.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { UserRole } from '../roles/user-role.entity.js';
import { Account } from './account.entity.js';
import type { AuthUser } from './auth-user.entity.js';

/** What a sign-in reads before its verdict: one row, whichever identifier was typed. */
export interface SignInCandidate {
  readonly userId: string;
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
  /** ISO 8601. */
  readonly createdAt: string;
  readonly [field: string]: unknown;
}

const ACCOUNT_COLUMNS = ['epoch', 'disabledAt', 'failedInRow', 'failedInRowKnown'] as const;

type SignInRow = Readonly<Record<string, string | number | null>>;

/** Reads the application's user table. */
@Injectable()
export class UserDirectory {
  constructor(
    private readonly database: Database,
    private readonly settings: AuthSettings,
    @Inject(AUTH_STRUCTURE) private readonly structure: AuthStructure,
  ) {}

  get entity(): Type<AuthUser> {
    return this.structure.userEntity as Type<AuthUser>;
  }

  /** One query over all identifiers, the same for known and unknown ones. The first configured column that matches wins. */
  async findForSignIn(typed: string): Promise<SignInCandidate | undefined> {
    const identifiers = this.settings.identifiers.map((name) =>
      name === 'email'
        ? { column: 'emailCanonical', value: canonicalIdentifier(typed) }
        : { column: name, value: typed.trim() },
    );
    const rows = await this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(this.entity, 'u')
        .leftJoin(Account, 'a', 'a.userId = u.id')
        .select('u.id', 'userId')
        .addSelect('u.passwordHash', 'passwordHash')
        .addSelect('u.emailVerifiedAt', 'emailVerifiedAt');
      for (const column of ACCOUNT_COLUMNS) query.addSelect(`a.${column}`, column);
      for (const [index, { column, value }] of identifiers.entries()) {
        query
          .addSelect(`u.${column}`, `typed${index}`)
          .orWhere(`u.${column} = :typed${index}`, { [`typed${index}`]: value });
      }
      return query.getRawMany<SignInRow>();
    });
    // One identifier may be another's value elsewhere: the order of the option decides.
    const row = identifiers
      .map(({ value }, index) => rows.find((candidate) => candidate[`typed${index}`] === value))
      .find((candidate) => candidate !== undefined);
    return row === undefined ? undefined : candidateOf(row);
  }

  /** The account's epoch; 0 while it has no row. */
  async epochOf(userId: string): Promise<number> {
    const account = await this.database.read((manager) => manager.findOneBy(Account, { userId }));
    return account?.epoch ?? 0;
  }

  /** The application's entity. */
  async load(userId: string): Promise<AuthUser | undefined> {
    const user = await this.database.read((manager) => manager.findOneBy<AuthUser>(this.entity, { id: userId }));
    return user ?? undefined;
  }

  async rolesOf(userId: string): Promise<string[]> {
    const rows = await this.database.read((manager) => manager.findBy(UserRole, { userId }));
    return rows.map(({ role }) => role).sort();
  }

  /** The user with roles, for an answer; `undefined` when there is none. */
  async publicUser(userId: string): Promise<PublicUser | undefined> {
    const user = await this.load(userId);
    return user === undefined ? undefined : this.present(user, await this.rolesOf(userId));
  }

  present(user: AuthUser, roles: readonly string[]): PublicUser {
    const columns = user as unknown as Readonly<Record<string, unknown>>;
    const extra: Record<string, unknown> = {};
    for (const field of this.settings.publicUserFields) extra[field] = columns[field] ?? null;
    return {
      ...extra,
      id: user.id,
      email: user.email,
      emailVerified: user.emailVerifiedAt !== null,
      roles,
      createdAt: new Date(user.createdAt).toISOString(),
    };
  }
}

function candidateOf(row: SignInRow): SignInCandidate {
  return {
    userId: String(row['userId']),
    passwordHash: row['passwordHash'] as string | null,
    epoch: Number(row['epoch'] ?? 0),
    disabled: row['disabledAt'] !== null,
    emailVerified: row['emailVerifiedAt'] !== null,
    failedInRow: Number(row['failedInRow'] ?? 0),
    failedInRowKnown: Number(row['failedInRowKnown'] ?? 0),
  };
}
