import { Injectable } from '@nestjs/common';
import { In, IsNull, Like, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { Database } from '../../database/database.js';
import { AuthError } from '../../errors/auth-error.js';
import { AuditRow } from '../../events/audit-row.entity.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { AuthHooks } from '../../hooks/auth-hooks.js';
import { hostWork } from '../../hooks/host-work.js';
import { HOOK_DEADLINE_MS } from '../../hooks/within-deadline.js';
import { Keyring } from '../../keys/keyring.js';
import { Outbox } from '../../mail/outbox.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { raiseEpoch } from '../../users/account-epoch.js';
import { Account } from '../../users/account.entity.js';
import { MailAccounts, type MailAccount } from '../../users/mail-accounts.service.js';
import { OwnedRows } from '../../users/owned-rows.service.js';
import { UserTable } from '../../users/user-table.js';
import type { ActedBy } from './acted-by.js';
import { PendingLetters } from './pending-letters.service.js';

const BATCH = 500;

interface Traces {
  readonly letters: readonly string[];
  readonly requests: readonly string[];
}

/** Removes an account with everything that belongs to it. Of the audit trail what happened stays, without where from. */
@Injectable()
export class AccountDeletion {
  constructor(
    private readonly database: Database,
    private readonly cache: SessionCache,
    private readonly accounts: MailAccounts,
    private readonly table: UserTable,
    private readonly owned: OwnedRows,
    private readonly letters: PendingLetters,
    private readonly outbox: Outbox,
    private readonly events: EventRecorder,
    private readonly keyring: Keyring,
    private readonly hooks: AuthHooks,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** Throws `NOT_FOUND` (404) for an unknown user, also one who was deleted a moment ago. */
  async delete(userId: string, by: ActedBy): Promise<void> {
    const account = await this.accounts.find(userId);
    if (account === undefined) throw new AuthError('NOT_FOUND');
    const traces: Traces = { letters: await this.letters.of(account), requests: await this.requestsFor(account) };
    const deleted = await this.cache.change(
      [userId],
      (commitBefore) => this.database.write((manager) => this.carryOut(manager, account, traces, by), { commitBefore }),
      { takesAway: true },
    );
    if (!deleted) throw new AuthError('NOT_FOUND');
  }

  /** The account's row stays, disabled and of another epoch: no sign-in that is under way revives it. */
  private async carryOut(manager: EntityManager, account: MailAccount, traces: Traces, by: ActedBy): Promise<boolean> {
    const { userId, email } = account;
    await raiseEpoch(manager, userId);
    const user = await this.table.load(manager, userId);
    if (user === undefined) return false;
    const hookMs = Math.min(HOOK_DEADLINE_MS, this.settings.database.timeoutMs);
    await hostWork('AuthHooks.onDelete', () => this.hooks.onDelete(user, manager), hookMs);
    await this.owned.erase(manager, userId);
    await this.table.delete(manager, userId);
    await manager.update(Account, { userId }, { disabledAt: this.clock.now(), contestedAt: null });
    await this.letters.erase(manager, traces.letters);
    await this.anonymise(manager, userId, traces.requests);
    await this.events.record(manager, { ...lasting(by, userId), type: 'account.deleted', subjectId: userId });
    const locale = this.settings.mailTemplates.defaultLocale;
    await this.outbox.add(manager, { kind: 'account-deleted', userId, address: email, locale });
    return true;
  }

  private async anonymise(manager: EntityManager, userId: string, requests: readonly string[]): Promise<void> {
    const nowhere = { address: null, userAgent: null, details: {} } as const;
    await manager.update(AuditRow, { subjectId: userId }, nowhere);
    for (let start = 0; start < requests.length; start += BATCH) {
      await manager.update(AuditRow, { id: In(requests.slice(start, start + BATCH)) }, nowhere);
    }
  }

  /**
   * Rows of requests that named the address without a sign-in: they have no subject, but know it by its digest, under the
   * secret of their time. Those that named an earlier address of the account are not among them.
   */
  private async requestsFor({ emailCanonical }: MailAccount): Promise<readonly string[]> {
    const digests = this.keyring.digests('identifier', emailCanonical);
    const where = digests.map((digest) => ({ subjectId: IsNull(), details: Like(`%"${digest}"%`) as never }));
    const rows = await this.database.read((manager) =>
      manager.find(AuditRow, { select: { id: true }, where }),
    );
    return rows.map(({ id }) => id);
  }
}

/** Where the deleted user was is not kept; where somebody else was who did it, is. */
function lasting({ actorId, client }: ActedBy, userId: string): ActedBy {
  return { ...(actorId === undefined ? {} : { actorId }), ...(client && actorId !== userId ? { client } : {}) };
}
