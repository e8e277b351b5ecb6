import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PasswordAttempts } from '../../attempts/password-attempts.service.js';
import { Clock } from '../../common/clock.js';
import { isEmailAddress } from '../../common/email-address.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import { hostWork } from '../../hooks/host-work.js';
import { roleProblem } from '../../options/list-fields.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { PasswordPolicy } from '../../passwords/password-policy.js';
import { Passwords } from '../../passwords/passwords.service.js';
import { UserRole } from '../../roles/user-role.entity.js';
import { LoginSession } from '../../sessions/login-session.entity.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { raiseEpoch } from '../../users/account-epoch.js';
import { Account } from '../../users/account.entity.js';
import { ColumnLimits } from '../../users/column-limits.js';
import { UserDirectory, type PublicUser } from '../../users/user-directory.js';
import { UserTable } from '../../users/user-table.js';
import { UserWriter } from './user-writer.service.js';

const ADMINISTRATOR = 'admin';
const NO_FAILURES = { failedInRow: 0, failedInRowKnown: 0 } as const;

export interface CreateAccount {
  readonly email: string;
  /** Under the same policy as a registration. Default: none, the account cannot sign in with a password. */
  readonly password?: string;
  /** Default `false`. */
  readonly emailVerified?: boolean;
  /** Default: `roles.default`. */
  readonly roles?: readonly string[];
  /** Values of the application's own columns. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/**
 * Accounts, for the application's own code: seeders, administration, tests. What changes the rights of an account is seen
 * by the very next request on every node. What changes an account throws `NOT_FOUND` (404) for an unknown user.
 */
@Injectable()
export class Accounts {
  constructor(
    private readonly database: Database,
    private readonly users: UserDirectory,
    private readonly table: UserTable,
    private readonly limits: ColumnLimits,
    private readonly writer: UserWriter,
    private readonly passwords: Passwords,
    private readonly policy: PasswordPolicy,
    private readonly attempts: PasswordAttempts,
    private readonly cache: SessionCache,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  find(userId: string): Promise<PublicUser | undefined> {
    return this.users.publicUser(userId);
  }

  /** Throws `VALIDATION_FAILED`, `PASSWORD_REJECTED`. `undefined` when the address is taken. */
  async create({
    email,
    password,
    emailVerified = false,
    roles,
    fields = {},
  }: CreateAccount): Promise<PublicUser | undefined> {
    if (!isEmailAddress(email)) {
      const details = [{ field: 'email', rule: 'format', message: 'This is not an e-mail address.' }];
      throw new AuthError('VALIDATION_FAILED', { details });
    }
    const details = this.limits.emailProblems(email);
    if (details.length > 0) throw new AuthError('VALIDATION_FAILED', { details });
    checkRoles(roles ?? []);
    const passwordHash = password === undefined ? null : await this.newHash(password, email);
    const id = await this.writer.create({
      email: email.trim(),
      passwordHash,
      emailVerified,
      roles: roles ?? this.settings.roles.default,
      fields,
    });
    return id === undefined ? undefined : this.users.publicUser(id);
  }

  /**
   * The first administrator, for a seeder or a start with credentials from the environment. Does nothing and returns
   * `undefined` when there is an administrator already. Throws when the address belongs to somebody: nobody is promoted.
   */
  async createAdministrator({ email, password }: { email: string; password: string }): Promise<PublicUser | undefined> {
    if (await this.hasAdministrator()) return undefined;
    const problems = this.policy.problems(password, { email });
    if (problems.length > 0) {
      const reasons = problems.map(({ message }) => message).join(' ');
      throw new Error(`The first administrator was not created: the password is refused. ${reasons}`);
    }
    const created = await this.create({ email, password, emailVerified: true, roles: [ADMINISTRATOR] });
    // Another node may have been faster.
    if (created === undefined && !(await this.hasAdministrator())) {
      throw new Error('The first administrator was not created: the address belongs to somebody without that role.');
    }
    return created;
  }

  /** Ends every session of the account, and every sign-in that is under way. Throws `PASSWORD_REJECTED` (400). */
  async setPassword(userId: string, password: string): Promise<void> {
    const user = await this.known(userId);
    const passwordHash = await this.newHash(password, user.email);
    await this.change(userId, async (manager) => {
      await raiseEpoch(manager, userId);
      await this.table.setPasswordHash(manager, userId, passwordHash);
      await manager.update(Account, { userId }, NO_FAILURES);
    });
    await this.attempts.unlock(userId);
  }

  /** Lets passwords be tried again after a lock, or after a hundred wrong ones in a row. */
  async unlock(userId: string): Promise<void> {
    await this.known(userId);
    await this.database.write((manager) => manager.update(Account, { userId }, NO_FAILURES));
    await this.attempts.unlock(userId);
  }

  /** Refuses sign-in and ends every session. Enabling again revives none. */
  async disable(userId: string): Promise<void> {
    await this.known(userId);
    await this.change(
      userId,
      async (manager) => {
        await raiseEpoch(manager, userId);
        await manager.update(Account, { userId }, { disabledAt: this.clock.now() });
      },
      true,
    );
  }

  async enable(userId: string): Promise<void> {
    await this.known(userId);
    await this.change(userId, (manager) => manager.update(Account, { userId }, { disabledAt: null }));
  }

  /** Removes the user with all sessions and roles. The account's row stays, disabled: no sign-in under way revives it. */
  async delete(userId: string): Promise<void> {
    await this.known(userId);
    await this.change(
      userId,
      async (manager) => {
        await raiseEpoch(manager, userId);
        await manager.delete(LoginSession, { userId });
        await manager.delete(UserRole, { userId });
        await this.table.delete(manager, userId);
        await manager.update(Account, { userId }, { disabledAt: this.clock.now() });
      },
      true,
    );
  }

  async markEmailVerified(userId: string): Promise<void> {
    await this.known(userId);
    await this.change(userId, (manager) => this.table.setEmailVerified(manager, userId, this.clock.now()));
  }

  /** Idempotent. */
  async assignRole(userId: string, role: string): Promise<void> {
    checkRoles([role]);
    await this.known(userId);
    await this.change(userId, (manager) =>
      manager.upsert(UserRole, { userId, role, assignedAt: this.clock.now() }, ['userId', 'role']),
    );
  }

  /** Idempotent. */
  async removeRole(userId: string, role: string): Promise<void> {
    await this.known(userId);
    await this.change(userId, (manager) => manager.delete(UserRole, { userId, role }));
  }

  /**
   * Runs the application's own change of a column that its policies read, so that the next request on every node sees it.
   * Without this a change is seen within 60 s.
   */
  changed<T>(userId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const { timeoutMs } = this.settings.database;
    return this.change(userId, (manager) => hostWork('Accounts.changed', () => work(manager), timeoutMs));
  }

  private hasAdministrator(): Promise<boolean> {
    return this.database.read((manager) => manager.existsBy(UserRole, { role: ADMINISTRATOR }));
  }

  private change<T>(userId: string, work: (manager: EntityManager) => Promise<T>, takesAway = false): Promise<T> {
    return this.cache.change([userId], (commitBefore) => this.database.write(work, { commitBefore }), { takesAway });
  }

  private async known(userId: string): Promise<PublicUser> {
    const user = await this.users.publicUser(userId);
    if (user === undefined) throw new AuthError('NOT_FOUND');
    return user;
  }

  private async newHash(password: string, email: string): Promise<string> {
    const problems = this.policy.problems(password, { email });
    if (problems.length > 0) throw new AuthError('PASSWORD_REJECTED', { details: problems });
    return this.passwords.hash(password);
  }
}

function checkRoles(roles: readonly string[]): void {
  const details = roles.flatMap((role) => {
    const complaint = roleProblem(role);
    return complaint === undefined ? [] : [{ field: 'roles', rule: 'format', message: `A role ${complaint}` }];
  });
  if (details.length > 0) throw new AuthError('VALIDATION_FAILED', { details });
}
