import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PasswordAttempts } from '../../attempts/password-attempts.service.js';
import { isEmailAddress } from '../../common/email-address.js';
import { textValues } from '../../common/text-values.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { hostWork } from '../../hooks/host-work.js';
import { Outbox } from '../../mail/outbox.js';
import { roleProblem } from '../../options/list-fields.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { NewPasswords } from '../../passwords/new-passwords.service.js';
import { UserRole } from '../../roles/user-role.entity.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { ColumnLimits } from '../../users/column-limits.js';
import { MailAccounts, type MailAccount } from '../../users/mail-accounts.service.js';
import { UserDirectory, type PublicUser } from '../../users/user-directory.js';
import { AccountChanges } from './account-changes.service.js';
import { AccountDeletion } from './account-deletion.service.js';
import type { ActedBy } from './acted-by.js';
import { UserWriter, type NewUser } from '../../registration/user-writer.service.js';

const ADMINISTRATOR = 'admin';

export interface CreateAccount {
  readonly email: string;
  /** Under the same policy as a registration. Default: none, the account cannot sign in with a password. */
  readonly password?: string;
  /** Default `false`. */
  readonly emailVerified?: boolean;
  /** Mails the link that proves the address, unless it is proven or `emailVerification` is `'off'`. Default `false`. */
  readonly sendVerification?: boolean;
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
    private readonly mailAccounts: MailAccounts,
    private readonly limits: ColumnLimits,
    private readonly writer: UserWriter,
    private readonly changes: AccountChanges,
    private readonly deletion: AccountDeletion,
    private readonly newPasswords: NewPasswords,
    private readonly attempts: PasswordAttempts,
    private readonly cache: SessionCache,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
    private readonly settings: AuthSettings,
  ) {}

  find(userId: string): Promise<PublicUser | undefined> {
    return this.users.publicUser(userId);
  }

  /** Throws `VALIDATION_FAILED`, `PASSWORD_REJECTED`. `undefined` when the address is taken. */
  async create(account: CreateAccount, by: ActedBy = {}): Promise<PublicUser | undefined> {
    const { email, password, emailVerified = false, roles, fields = {}, sendVerification = false } = account;
    if (!isEmailAddress(email)) {
      const details = [{ field: 'email', rule: 'format', message: 'This is not an e-mail address.' }];
      throw new AuthError('VALIDATION_FAILED', { details });
    }
    const details = this.limits.emailProblems(email);
    if (details.length > 0) throw new AuthError('VALIDATION_FAILED', { details });
    checkRoles(roles ?? []);
    const context = { email, values: textValues(fields) };
    const passwordHash = password === undefined ? null : await this.newPasswords.prepare(password, context);
    const user: NewUser = {
      email: email.trim(),
      passwordHash,
      emailVerified,
      roles: roles ?? this.settings.roles.default,
      fields,
    };
    const locale = this.settings.mailTemplates.defaultLocale;
    const id = await this.writer.create(user, async (manager, { userId }) => {
      await this.events.record(manager, { ...by, type: 'account.created', subjectId: userId });
      if (sendVerification) await this.outbox.add(manager, { kind: 'verify-request', userId, locale });
    });
    return id === undefined ? undefined : this.users.publicUser(id);
  }

  /**
   * The first administrator, for a seeder or a start with credentials from the environment. Does nothing and returns
   * `undefined` when there is an administrator already. Throws when the address belongs to somebody: nobody is promoted.
   */
  async createAdministrator({ email, password }: { email: string; password: string }): Promise<PublicUser | undefined> {
    if (await this.hasAdministrator()) return undefined;
    const problems = await this.newPasswords.problems(password, { email });
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

  /**
   * Ends every session of the account, every mailed link and every sign-in that is under way, and tells the owner by mail.
   * Throws `PASSWORD_REJECTED` (400).
   */
  async setPassword(userId: string, password: string, by: ActedBy = {}): Promise<void> {
    const account = await this.knownAccount(userId);
    const hash = await this.newPasswords.prepare(password, { userId, email: account.email });
    await this.changes.setPassword(account, hash, by);
    await this.attempts.unlock(account);
  }

  /** Lets passwords be tried again after a lock, or after a hundred wrong ones in a row. */
  async unlock(userId: string, by: ActedBy = {}): Promise<void> {
    const account = await this.knownAccount(userId);
    await this.changes.unlock(userId, by);
    await this.attempts.unlock(account);
  }

  /** Refuses sign-in and ends every session. Enabling again revives none. Idempotent. */
  async disable(userId: string, by: ActedBy = {}): Promise<void> {
    await this.knownAccount(userId);
    await this.changes.disable(userId, by);
  }

  /** Idempotent. */
  async enable(userId: string, by: ActedBy = {}): Promise<void> {
    await this.knownAccount(userId);
    await this.changes.enable(userId, by);
  }

  /**
   * Removes the user with every row of ours that is the user's, erases waiting mail, and takes client addresses, user agents
   * and details out of the audit trail. The address is free again, and is told.
   */
  delete(userId: string, by: ActedBy = {}): Promise<void> {
    return this.deletion.delete(userId, by);
  }

  /**
   * Vouches for the address. Of a contested one, which was registered more than once, nothing but the address is taken for
   * proven: password, registered fields and sessions go. Idempotent.
   */
  async markEmailVerified(userId: string, by: ActedBy = {}): Promise<void> {
    await this.knownAccount(userId);
    await this.changes.markEmailVerified(userId, by);
  }

  /** Idempotent. */
  async assignRole(userId: string, role: string, by: ActedBy = {}): Promise<void> {
    checkRoles([role]);
    await this.knownAccount(userId);
    await this.changes.assignRole(userId, role, by);
  }

  /** Idempotent. */
  async removeRole(userId: string, role: string, by: ActedBy = {}): Promise<void> {
    await this.knownAccount(userId);
    await this.changes.removeRole(userId, role, by);
  }

  /**
   * Runs the application's own change of a column that its policies read, so that the next request on every node sees it.
   * Without this a change is seen within 60 s.
   */
  changed<T>(userId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const { timeoutMs } = this.settings.database;
    return this.cache.change([userId], (commitBefore) =>
      this.database.write((manager) => hostWork('Accounts.changed', () => work(manager), timeoutMs), { commitBefore }),
    );
  }

  private hasAdministrator(): Promise<boolean> {
    return this.database.read((manager) => manager.existsBy(UserRole, { role: ADMINISTRATOR }));
  }

  private async knownAccount(userId: string): Promise<MailAccount> {
    const account = await this.mailAccounts.find(userId);
    if (account === undefined) throw new AuthError('NOT_FOUND');
    return account;
  }
}

function checkRoles(roles: readonly string[]): void {
  const details = roles.flatMap((role) => {
    const complaint = roleProblem(role);
    return complaint === undefined ? [] : [{ field: 'roles', rule: 'format', message: `A role ${complaint}` }];
  });
  if (details.length > 0) throw new AuthError('VALIDATION_FAILED', { details });
}
