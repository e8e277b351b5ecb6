import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { AuthError } from '../errors/auth-error.js';
import { AuditRow } from '../events/audit-row.entity.js';
import { EventRecorder } from '../events/event-recorder.js';
import { NOWHERE, RequestTraces, type Traces } from '../events/request-traces.service.js';
import { AuthHooks } from '../hooks/auth-hooks.js';
import { hostWork } from '../hooks/host-work.js';
import { HOOK_DEADLINE_MS } from '../hooks/within-deadline.js';
import { Keyring } from '../keys/keyring.js';
import { Outbox } from '../mail/outbox.js';
import { AuthSettings } from '../options/auth-settings.js';
import { SessionCache } from '../sessions/session-cache.js';
import { raiseEpoch } from '../users/account-epoch.js';
import { Account } from '../users/account.entity.js';
import { MailAccounts, type MailAccount } from '../users/mail-accounts.service.js';
import { OwnedRows } from '../users/owned-rows.service.js';
import { UserTable } from '../users/user-table.js';
import type { ActedBy } from './acted-by.js';
import { AdministratorRule, type AdministratorClaim, type TakePower } from './administrator-rule.service.js';
import { PendingLetters } from './pending-letters.service.js';

/** Of 500 rows: a flood of requests does not keep the owner waiting. */
const BATCHES = 20;

interface Deletion {
  readonly letters: readonly string[];
  readonly by: ActedBy;
  readonly claim: TakePower;
}

/** Removes an account with everything that belongs to it. Of the audit trail what happened stays, without where from. */
@Injectable()
export class AccountDeletion {
  private readonly logger = new Logger('Gatehouse');

  constructor(
    private readonly database: Database,
    private readonly cache: SessionCache,
    private readonly accounts: MailAccounts,
    private readonly table: UserTable,
    private readonly owned: OwnedRows,
    private readonly letters: PendingLetters,
    private readonly outbox: Outbox,
    private readonly events: EventRecorder,
    private readonly traces: RequestTraces,
    private readonly keyring: Keyring,
    private readonly administrators: AdministratorRule,
    private readonly hooks: AuthHooks,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws `NOT_FOUND` (404) for an unknown user, also one who was deleted a moment ago, and `LAST_ADMINISTRATOR` (409).
   */
  async delete(userId: string, by: ActedBy): Promise<void> {
    const account = await this.accounts.find(userId);
    if (account === undefined) throw new AuthError('NOT_FOUND');
    const letters = await this.letters.of(account);
    const digests = this.keyring.digests('identifier', account.emailCanonical);
    const deleted = await this.administrators.run(userId, (claim) =>
      this.cache.change(
        [userId],
        (commitBefore) =>
          this.database.write((manager) => this.carryOut(manager, account, { letters, by, claim }), { commitBefore }),
        { takesAway: true },
      ),
    );
    if (!deleted) throw new AuthError('NOT_FOUND');
    await this.forgetRequests({ userId, digests, until: this.clock.now() });
  }

  /** The account's row stays, disabled and of another epoch: no sign-in that is under way revives it. */
  private async carryOut(
    manager: EntityManager,
    account: MailAccount,
    { letters, by, claim }: Deletion,
  ): Promise<boolean | AdministratorClaim> {
    const { userId, email, emailCanonical } = account;
    const claimed = await claim(manager);
    if (claimed !== 'go') return claimed;
    await raiseEpoch(manager, userId);
    const user = await this.table.load(manager, userId);
    if (user === undefined) return false;
    const hookMs = Math.min(HOOK_DEADLINE_MS, this.settings.database.timeoutMs);
    await hostWork('AuthHooks.onDelete', () => this.hooks.onDelete(user, manager), hookMs);
    await this.owned.erase(manager, userId);
    await this.table.delete(manager, userId);
    await manager.update(Account, { userId }, { disabledAt: this.clock.now(), contestedAt: null });
    await this.letters.erase(manager, letters);
    await manager.update(AuditRow, { subjectId: userId }, NOWHERE);
    await this.events.record(manager, { ...lasting(by, userId), type: 'account.deleted', subjectId: userId });
    await this.traces.mark(manager, userId, this.keyring.digest('identifier', emailCanonical));
    const locale = this.settings.mailTemplates.defaultLocale;
    await this.outbox.add(manager, { kind: 'account-deleted', userId, address: email, locale });
    return true;
  }

  /** The account is gone: what fails here is the job's to finish. */
  private async forgetRequests(traces: Traces): Promise<void> {
    try {
      await this.traces.erase(traces, BATCHES);
    } catch (error) {
      const message =
        error instanceof Error ? error.message.replace(/\p{C}/gu, ' ') : 'it threw something that is no Error';
      this.logger.warn(`Requests that named a deleted account are anonymised later: ${message}`);
    }
  }
}

/** Where the deleted user was is not kept; where somebody else was who did it, is. */
function lasting(by: ActedBy, userId: string): ActedBy {
  return by.actorId === userId ? { actorId: userId } : by;
}
