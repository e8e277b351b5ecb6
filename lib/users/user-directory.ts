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
  async findForSignIn(identifier: string): Promise<SignInCandidate | undefined> {
    const canonical = canonicalIdentifier(identifier);
    const columns = this.settings.identifiers.map((name) => (name === 'email' ? 'emailCanonical' : name));
    const rows = await this.database.read((manager) => {
      const query = manager
        .createQueryBuilder(this.entity, 'u')
        .leftJoin(Account, 'a', 'a.userId = u.id')
        .select('u.id', 'userId')
        .addSelect('u.passwordHash', 'passwordHash')
        .addSelect('u.emailVerifiedAt', 'emailVerifiedAt')
        .addSelect('a.epoch', 'epoch')
        .addSelect('a.disabledAt', 'disabledAt')
        .addSelect('a.failedInRow', 'failedInRow')
        .addSelect('a.failedInRowKnown', 'failedInRowKnown');
      for (const [index, column] of columns.entries()) {
        query.addSelect(`u.${column}`, `identifier${index}`).orWhere(`u.${column} = :identifier${index}`, {
          [`identifier${index}`]: column === 'emailCanonical' ? canonical : identifier.trim(),
        });
      }
      return query.getRawMany<Record<string, string | number | null>>();
    });
    const row = columns
      .map((column, index) =>
        rows.find((candidate) => candidate[`identifier${index}`] === (column === 'emailCanonical' ? canonical : identifier.trim())),
      )
      .find((candidate) => candidate !== undefined);
    return row === undefined
      ? undefined
      : {
          userId: String(row['userId']),
          passwordHash: row['passwordHash'] as string | null,
          epoch: Number(row['epoch'] ?? 0),
          disabled: row['disabledAt'] !== null,
          emailVerified: row['emailVerifiedAt'] !== null,
          failedInRow: Number(row['failedInRow'] ?? 0),
          failedInRowKnown: Number(row['failedInRowKnown'] ?? 0),
        };
  }

  /** The application's entity. */
  async load(userId: string): Promise<AuthUser | undefined> {
    const user = await this.database.read((manager) => manager.findOneBy(this.entity, { id: userId }));
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
    const extra = this.settings.publicUserFields.map((field) => [
      field,
      (user as unknown as Record<string, unknown>)[field] ?? null,
    ]);
    return {
      ...Object.fromEntries(extra),
      id: user.id,
      email: user.email,
      emailVerified: user.emailVerifiedAt !== null,
      roles,
      createdAt: new Date(user.createdAt).toISOString(),
    };
  }
}
