import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { FAILED_IN_ROW_LIMIT } from '../attempts/budgets.js';
import { PasswordAttempts } from '../attempts/password-attempts.service.js';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { AuthError } from '../errors/auth-error.js';
import { EventRecorder } from '../events/event-recorder.js';
import { hostWork } from '../hooks/host-work.js';
import { Outbox } from '../mail/outbox.js';
import { AuthSettings } from '../options/auth-settings.js';
import { NewPasswords } from '../passwords/new-passwords.service.js';
import { SessionCache } from '../sessions/session-cache.js';
import { MailAccounts, type MailAccount } from '../users/mail-accounts.service.js';
import { UserDirectory, type PublicUser } from '../users/user-directory.js';
import { Account } from '../users/account.entity.js';
import { AccountChanges } from './account-changes.service.js';
import { AccountCreation, requireRoles, type CreateAccount } from './account-creation.service.js';
import { AccountDeletion } from './account-deletion.service.js';
import { AccountEdits, type AccountEdit } from './account-edits.service.js';
import { AccountList } from './account-list.service.js';
import type { AccountDetails, AccountPage, AccountQuery, LockStatus } from './account-view.js';
import { AccountViews } from './account-views.service.js';
import type { ActedBy } from './acted-by.js';

/**
 * Accounts, for the application's own code: seeders, administration, tests. What changes the rights of an account is seen
 * by the very next request on every node. What changes an account throws `NOT_FOUND` (404) for an unknown user, and what takes
 * power from the last administrator who can sign in `LAST_ADMINISTRATOR` (409).
 */
@Injectable()
export class Accounts {
  constructor(
    private readonly database: Database,
    private readonly users: UserDirectory,
    private readonly mailAccounts: MailAccounts,
    private readonly creation: AccountCreation,
    private readonly changes: AccountChanges,
    private readonly edits: AccountEdits,
    private readonly deletion: AccountDeletion,
    private readonly pages: AccountList,
    private readonly views: AccountViews,
    private readonly newPasswords: NewPasswords,
    private readonly attempts: PasswordAttempts,
    private readonly cache: SessionCache,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  find(userId: string): Promise<PublicUser | undefined> {
    return this.users.publicUser(userId);
  }

  /** By address, however it is written. */
  async findByEmail(email: string): Promise<PublicUser | undefined> {
    const account = await this.mailAccounts.findByAddress(email);
    return account && this.users.publicUser(account.userId);
  }

  /** A user as administrators see one; `undefined` for nobody. */
  view(userId: string): Promise<AccountDetails | undefined> {
    return this.views.details(userId);
  }

  /**
   * Accounts as administrators see them, the newest first where ids are in the order of time; with `email` by address. At a
   * filter that fits few a page may be short, even empty: go on while there is a `nextCursor`. Throws `VALIDATION_FAILED`
   * (400) for a cursor of another list.
   */
  list(query: AccountQuery = {}): Promise<AccountPage> {
    return this.pages.page(query);
  }

  /** Throws `VALIDATION_FAILED`, `PASSWORD_REJECTED`. `undefined` when the address is taken. */
  create(account: CreateAccount, by: ActedBy = {}): Promise<PublicUser | undefined> {
    return this.creation.create(account, by);
  }

  /**
   * The first administrator, for a seeder or a start with credentials from the environment. Does nothing and returns
   * `undefined` when there is an administrator already. Throws when the address belongs to somebody: nobody is promoted.
   */
  createAdministrator(administrator: { email: string; password: string }): Promise<PublicUser | undefined> {
    return this.creation.createAdministrator(administrator);
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

  /** Whether passwords are taken, and why not. Looking changes nothing. */
  async lockStatus(userId: string): Promise<LockStatus> {
    const account = await this.knownAccount(userId);
    const row = await this.database.read((manager) => manager.findOneBy(Account, { userId }));
    const lockedForMs = await this.attempts.lockedForMs(account);
    const { disabledAt = null, failedInRow = 0, failedInRowKnown = 0 } = row ?? {};
    return {
      disabled: disabledAt !== null,
      disabledAt: disabledAt === null ? null : new Date(disabledAt).toISOString(),
      lockedUntil: lockedForMs === 0 ? null : new Date(this.clock.now() + lockedForMs).toISOString(),
      failedInRow,
      failedInRowKnown,
      stopped: failedInRow >= FAILED_IN_ROW_LIMIT,
    };
  }

  /** Mails the owner a link that sets a password. Nothing is sent to a disabled account. */
  async sendPasswordLink(userId: string, by: ActedBy = {}): Promise<void> {
    await this.knownAccount(userId);
    const locale = this.settings.mailTemplates.defaultLocale;
    await this.database.write(async (manager) => {
      await this.outbox.add(manager, { kind: 'password-link', userId, locale });
      await this.events.record(manager, { ...by, type: 'password.reset_requested', subjectId: userId });
    });
  }

  /**
   * Changes the address, the proof of it and columns of the application's own, in one transaction. Throws
   * `VALIDATION_FAILED` (400), and `ALREADY_EXISTS` (409) when an address or a unique value is somebody else's.
   */
  async update(userId: string, edit: AccountEdit, by: ActedBy = {}): Promise<void> {
    if (edit.email !== undefined) this.creation.checkEmail(edit.email);
    await this.knownAccount(userId);
    await this.edits.apply(userId, edit, by);
  }

  /**
   * Refuses sign-in and ends every session. Enabling again revives none. The reason is kept in the audit trail. Idempotent.
   */
  async disable(userId: string, by: ActedBy = {}, reason?: string): Promise<void> {
    await this.knownAccount(userId);
    await this.changes.disable(userId, by, reason);
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
    requireRoles([role]);
    await this.knownAccount(userId);
    await this.changes.assignRole(userId, role, by);
  }

  /** Idempotent. */
  async removeRole(userId: string, role: string, by: ActedBy = {}): Promise<void> {
    requireRoles([role]);
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

  private async knownAccount(userId: string): Promise<MailAccount> {
    const account = await this.mailAccounts.find(userId);
    if (account === undefined) throw new AuthError('NOT_FOUND');
    return account;
  }
}
