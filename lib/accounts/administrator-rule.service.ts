import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '../database/database.js';
import { ensureLock, holdLock } from '../database/row-lock.js';
import { AuthError } from '../errors/auth-error.js';
import { ADMINISTRATOR } from '../roles/administrator.js';
import { UserRole } from '../roles/user-role.entity.js';
import { ensureAccount } from '../users/account-epoch.js';
import { Account } from '../users/account.entity.js';
import { Credentials } from '../users/credentials.service.js';
import { MailAccounts } from '../users/mail-accounts.service.js';

const LOCK = 'administrators';
const PAGE = 50;

/** `again`: the user has become an administrator meanwhile, and the lock is needed. `last`: there is no other one. */
export type AdministratorClaim = 'go' | 'again' | 'last';
/** First statements of a transaction that takes power from the user. */
export type TakePower = (manager: EntityManager) => Promise<AdministratorClaim>;

/**
 * There is always an administrator who can sign in: what removes, demotes or disables one begins with one row that all of
 * them share, so that of two who do it to each other at once the second finds the other gone.
 *
 * Only administrators need the lock. Whether somebody is one is asked under the lock of the account's row, which assigning
 * the role takes as well: nobody becomes one unseen while being disabled.
 */
@Injectable()
export class AdministratorRule {
  constructor(
    private readonly database: Database,
    private readonly accounts: MailAccounts,
    private readonly credentials: Credentials,
  ) {}

  /** Carries out a change that takes power from the user. Throws `LAST_ADMINISTRATOR` (409), and nothing is changed. */
  async run<T>(userId: string, change: (claim: TakePower) => Promise<T | AdministratorClaim>): Promise<T> {
    for (let locked = await this.isAdministrator(userId); ; locked = true) {
      if (locked) await ensureLock(this.database, LOCK);
      const outcome = await change((manager) => this.claim(manager, userId, locked));
      if (outcome === 'last') throw new AuthError('LAST_ADMINISTRATOR');
      if (outcome !== 'again') return outcome as T;
    }
  }

  /** Makes the row that {@link isFirst} locks. */
  prepare(): Promise<void> {
    return ensureLock(this.database, LOCK);
  }

  /** Inside `Database.write`, first of all: nobody is an administrator, and nobody else becomes the first one meanwhile. */
  async isFirst(manager: EntityManager): Promise<boolean> {
    await holdLock(manager, LOCK);
    return !(await manager.existsBy(UserRole, { role: ADMINISTRATOR }));
  }

  private async claim(manager: EntityManager, userId: string, locked: boolean): Promise<AdministratorClaim> {
    if (locked) await holdLock(manager, LOCK);
    else await ensureAccount(manager, userId);
    if (!(await manager.existsBy(UserRole, { userId, role: ADMINISTRATOR }))) return 'go';
    if (!locked) return 'again';
    return (await this.hasAnother(manager, userId)) ? 'go' : 'last';
  }

  /** Whether somebody else is an administrator, is not disabled, and has something to sign in with. */
  private async hasAnother(manager: EntityManager, userId: string): Promise<boolean> {
    for (let after = '', full = true; full;) {
      const others = await manager
        .createQueryBuilder(UserRole, 'r')
        .leftJoin(Account, 'a', 'a.userId = r.userId')
        .select('r.userId', 'userId')
        .where('r.role = :role AND r.userId > :after', { role: ADMINISTRATOR, after })
        .andWhere('r.userId <> :userId AND a.disabledAt IS NULL', { userId })
        .orderBy('r.userId')
        .limit(PAGE)
        .getRawMany<{ userId: string }>();
      for (const other of others) if (await this.signsIn(manager, other.userId)) return true;
      after = others.at(-1)?.userId ?? '';
      full = others.length === PAGE;
    }
    return false;
  }

  /** By password, passkey or another provider, or by mail to an address that is known to be the user's. */
  private async signsIn(manager: EntityManager, userId: string): Promise<boolean> {
    const account = await this.accounts.findIn(manager, userId);
    if (account === undefined) return false;
    if (account.emailVerified || account.hasPassword) return true;
    return (await this.credentials.countSignInMethods(manager, userId)) > 0;
  }

  private isAdministrator(userId: string): Promise<boolean> {
    return this.database.read((manager) => manager.existsBy(UserRole, { userId, role: ADMINISTRATOR }));
  }
}
