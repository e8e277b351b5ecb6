import { Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { canonicalIdentifier } from '../common/email-address.js';
import { Database } from '../database/database.js';
import { AuthSettings } from '../options/auth-settings.js';
import { declaredFields } from '../options/declared-fields.js';
import { UserRole } from '../roles/user-role.entity.js';
import { SecondFactors } from '../second-factors/second-factors.service.js';
import { Account } from '../users/account.entity.js';
import { UserDirectory } from '../users/user-directory.js';
import { UserTable } from '../users/user-table.js';
import type { AccountDetails, AccountView } from './account-view.js';

/** A view, and what lists are searched by beside it. */
export interface FoundAccount {
  readonly view: AccountView;
  readonly emailCanonical: string;
}

interface Credentials {
  readonly userId: string;
  readonly hash: string | null;
  readonly canonical: string | null;
}

/** Users as administrators see them, any number in four statements. */
@Injectable()
export class AccountViews {
  constructor(
    private readonly database: Database,
    private readonly table: UserTable,
    private readonly users: UserDirectory,
    private readonly secondFactors: SecondFactors,
    private readonly settings: AuthSettings,
  ) {}

  async details(userId: string): Promise<AccountDetails | undefined> {
    const found = (await this.database.read((manager) => this.of(manager, [userId]))).get(userId);
    if (found === undefined) return undefined;
    const factors = await this.secondFactors.usableBy(userId);
    return { ...found.view, secondFactors: factors.map(({ kind }) => kind) };
  }

  /** By id. Who is no user of the table is left out. */
  async of(manager: EntityManager, userIds: readonly string[]): Promise<ReadonlyMap<string, FoundAccount>> {
    const keys = userIds.flatMap((userId) => this.table.keyOf(userId) ?? []);
    if (keys.length === 0) return new Map();
    const { table } = this;
    const among = `${table.path('id')} IN (:...keys)`;
    const users = await manager.createQueryBuilder(table.entity, 'u').where(among, { keys }).getMany();
    const credentials = await manager
      .createQueryBuilder(table.entity, 'u')
      .select(table.idText, 'userId')
      .addSelect(this.hashPath ?? 'NULL', 'hash')
      .addSelect(table.path('emailCanonical'), 'canonical')
      .where(among, { keys })
      .getRawMany<Credentials>();
    const accounts = await manager
      .createQueryBuilder(Account, 'a')
      .addSelect('a.passwordHash')
      .where('a.userId IN (:...ids)', { ids: [...userIds] })
      .getMany();
    const roles = await manager.findBy(UserRole, { userId: In([...userIds]) });
    const found = users.map((user) => {
      const userId = table.idOf(user);
      const account = accounts.find((each) => each.userId === userId);
      const own = credentials.find((each) => each.userId === userId);
      const held = roles.filter((each) => each.userId === userId).map(({ role }) => role);
      return [userId, this.describe(user, held.sort(), account, own)] as const;
    });
    // A collation finds more than is meant.
    return new Map(found.filter(([userId]) => userIds.includes(userId)));
  }

  private describe(
    user: object,
    roles: readonly string[],
    account: Account | undefined,
    own: Credentials | undefined,
  ): FoundAccount {
    this.table.columns.withoutHash(user);
    const disabledAt = account?.disabledAt ?? null;
    const hash = this.hashPath === undefined ? account?.passwordHash : own?.hash;
    const view: AccountView = {
      ...this.administered(user),
      ...this.users.present(user, roles, account),
      disabled: disabledAt !== null,
      disabledAt: disabledAt === null ? null : new Date(disabledAt).toISOString(),
      // A column that takes no NULL holds an empty text.
      hasPassword: (hash ?? '') !== '',
    };
    return { view, emailCanonical: canonicalIdentifier(own?.canonical ?? '') };
  }

  private administered(user: object): Record<string, unknown> {
    const values = user as Readonly<Record<string, unknown>>;
    const names = declaredFields(this.settings.administration.fields);
    return Object.fromEntries(names.map((name) => [name, values[name] ?? null]));
  }

  /** Where the user table holds the hash; `undefined` where the account does. */
  private get hashPath(): string | undefined {
    return this.table.columns.keptByUs.includes('passwordHash') ? undefined : this.table.path('passwordHash');
  }
}
