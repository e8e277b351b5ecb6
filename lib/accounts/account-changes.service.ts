import { Injectable } from '@nestjs/common';
import { IsNull, Not, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { isUniqueViolation } from '../database/driver-errors.js';
import type { AuthEventType } from '../events/event-catalogue.js';
import { EventRecorder } from '../events/event-recorder.js';
import { Outbox } from '../mail/outbox.js';
import { AuthSettings } from '../options/auth-settings.js';
import { NewPasswords } from '../passwords/new-passwords.service.js';
import { ADMINISTRATOR } from '../roles/administrator.js';
import { UserRole } from '../roles/user-role.entity.js';
import { clientFacts } from '../sessions/client-facts.js';
import { SessionCache } from '../sessions/session-cache.js';
import { ensureAccount, raiseEpoch } from '../users/account-epoch.js';
import { Account } from '../users/account.entity.js';
import { Addresses } from '../users/addresses.service.js';
import { Credentials } from '../users/credentials.service.js';
import { MailAccounts, type MailAccount } from '../users/mail-accounts.service.js';
import { NO_FAILURES } from '../users/no-failures.js';
import type { ActedBy } from './acted-by.js';
import { AdministratorRule, type AdministratorClaim } from './administrator-rule.service.js';

/** Whether there was anything to change: what there was not is no event. */
type Statements = (manager: EntityManager) => Promise<boolean | AdministratorClaim>;

interface Change {
  /** See `SessionCache.change`. */
  readonly takesAway?: boolean;
  readonly details?: Readonly<Record<string, string>>;
}

/** Changes of an account from outside it, each with its row of the audit trail in the same transaction. */
@Injectable()
export class AccountChanges {
  constructor(
    private readonly database: Database,
    private readonly cache: SessionCache,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
    private readonly accounts: MailAccounts,
    private readonly addresses: Addresses,
    private readonly credentials: Credentials,
    private readonly newPasswords: NewPasswords,
    private readonly administrators: AdministratorRule,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** Throws `LAST_ADMINISTRATOR` (409). */
  async disable(userId: string, by: ActedBy, reason?: string): Promise<void> {
    await this.administrators.run(userId, (claim) => {
      const statements: Statements = async (manager) => {
        const claimed = await claim(manager);
        if (claimed !== 'go') return claimed;
        await ensureAccount(manager, userId);
        const now = this.clock.now();
        const ended = { disabledAt: now, epoch: () => 'epoch + 1' };
        if (!hit(await manager.update(Account, { userId, disabledAt: IsNull() }, ended))) return false;
        await this.credentials.end(manager, userId, now);
        return true;
      };
      const details: Readonly<Record<string, string>> = reason === undefined ? {} : { reason };
      return this.change(userId, by, 'account.disabled', statements, { takesAway: true, details });
    });
  }

  async enable(userId: string, by: ActedBy): Promise<void> {
    await this.change(userId, by, 'account.enabled', async (manager) =>
      hit(await manager.update(Account, { userId, disabledAt: Not(IsNull()) }, { disabledAt: null })),
    );
  }

  async assignRole(userId: string, role: string, by: ActedBy): Promise<void> {
    const statements: Statements = async (manager) => {
      // What disables or deletes the account asks under the lock of this row whether it is an administrator's.
      if (role === ADMINISTRATOR) await ensureAccount(manager, userId);
      if (await manager.existsBy(UserRole, { userId, role })) return false;
      await manager.insert(UserRole, { userId, role, assignedAt: this.clock.now() });
      return true;
    };
    await this.change(userId, by, 'role.assigned', statements, { details: { role } });
  }

  /** Throws `LAST_ADMINISTRATOR` (409). */
  async removeRole(userId: string, role: string, by: ActedBy): Promise<void> {
    const remove: Statements = async (manager) => hit(await manager.delete(UserRole, { userId, role }));
    if (role !== ADMINISTRATOR) {
      await this.change(userId, by, 'role.removed', remove, { details: { role } });
      return;
    }
    await this.administrators.run(userId, (claim) => {
      const statements: Statements = async (manager) => {
        const claimed = await claim(manager);
        return claimed === 'go' ? remove(manager) : claimed;
      };
      return this.change(userId, by, 'role.removed', statements, { details: { role } });
    });
  }

  async unlock(userId: string, by: ActedBy): Promise<void> {
    await this.database.write(async (manager) => {
      const { affected } = await manager
        .createQueryBuilder()
        .update(Account)
        .set(NO_FAILURES)
        .where('userId = :userId AND (failedInRow > 0 OR failedInRowKnown > 0)', { userId })
        .execute();
      if (affected === 1) await this.events.record(manager, { ...by, type: 'account.unlocked', subjectId: userId });
    });
  }

  /** Vouches for the address of the account. A contested one is treated as its proof treats it. */
  async markEmailVerified(userId: string, by: ActedBy): Promise<void> {
    await this.change(userId, by, 'email.verified', async (manager) => {
      await ensureAccount(manager, userId);
      const account = await this.accounts.findIn(manager, userId);
      if (account === undefined || (account.emailVerified && !account.contested)) return false;
      await this.addresses.prove(manager, userId);
      return true;
    });
  }

  /** Ends every session, every link and every sign-in that is under way, and tells the owner. */
  async setPassword({ userId, email: address, hasPassword }: MailAccount, hash: string, by: ActedBy): Promise<void> {
    const { client } = by;
    const data = client && clientFacts(client);
    const locale = this.settings.mailTemplates.defaultLocale;
    await this.change(userId, by, hasPassword ? 'password.changed' : 'password.set', async (manager) => {
      await raiseEpoch(manager, userId);
      await this.newPasswords.store(manager, userId, hash);
      await manager.update(Account, { userId }, NO_FAILURES);
      await this.outbox.add(manager, { kind: 'password-changed', userId, address, locale, ...(data && { data }) });
      return true;
    });
  }

  private async change(
    userId: string,
    by: ActedBy,
    type: AuthEventType,
    statements: Statements,
    { takesAway = false, details = {} }: Change = {},
  ): Promise<boolean | AdministratorClaim> {
    const work = async (manager: EntityManager): Promise<boolean | AdministratorClaim> => {
      const outcome = await statements(manager);
      if (outcome === true) await this.events.record(manager, { ...by, type, subjectId: userId, details });
      return outcome;
    };
    const write = async (commitBefore: number): Promise<boolean | AdministratorClaim> => {
      try {
        return await this.database.write(work, { commitBefore, insertMayLose: true });
      } catch (error) {
        // Another request has assigned the role at this very moment.
        if (isUniqueViolation(error)) return false;
        throw error;
      }
    };
    return this.cache.change([userId], write, { takesAway });
  }
}

function hit({ affected }: { readonly affected?: number | null | undefined }): boolean {
  return affected === 1;
}
