import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ClientInfo } from '../../common/client-address.js';
import { Clock } from '../../common/clock.js';
import { canonicalIdentifier } from '../../common/email-address.js';
import type { Principal } from '../../common/principal.js';
import { Database } from '../../database/database.js';
import { isUniqueViolation } from '../../database/driver-errors.js';
import { AuthError } from '../../errors/auth-error.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { Outbox } from '../../mail/outbox.js';
import { OneTimeTokens, type PresentedToken } from '../../one-time-tokens/one-time-tokens.service.js';
import { clientFacts } from '../../sessions/client-facts.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { Addresses } from '../../users/addresses.service.js';
import { ColumnLimits } from '../../users/column-limits.js';
import { MailAccounts } from '../../users/mail-accounts.service.js';
import { UserTable } from '../../users/user-table.js';

/** Where a request came from, and the language of the mail that comes of it. */
export interface MailOrigin {
  readonly client: ClientInfo;
  readonly locale: string;
}

const PURPOSE = 'change-email';

/** Giving an account another address: asked for by the signed-in owner, done by the link that the new address gets. */
@Injectable()
export class EmailChange {
  constructor(
    private readonly accounts: MailAccounts,
    private readonly addresses: Addresses,
    private readonly limits: ColumnLimits,
    private readonly table: UserTable,
    private readonly tokens: OneTimeTokens,
    private readonly outbox: Outbox,
    private readonly cache: SessionCache,
    private readonly database: Database,
    private readonly events: EventRecorder,
    private readonly clock: Clock,
  ) {}

  /** Says nothing about the new address. Throws `VALIDATION_FAILED` (400) for one that the user table cannot hold. */
  async request({ userId, sessionId }: Principal, newAddress: string, { client, locale }: MailOrigin): Promise<void> {
    const details = this.limits.emailProblems(newAddress);
    if (details.length > 0) throw new AuthError('VALIDATION_FAILED', { details });
    const account = await this.accounts.find(userId);
    if (account === undefined) throw new AuthError('NOT_AUTHENTICATED');
    // Nothing would change: no mail has to tell of it.
    if (canonicalIdentifier(newAddress) === account.emailCanonical) return;
    await this.database.write(async (manager) => {
      const address = newAddress.trim();
      // A letter that is delivered late must not outlive the session that asked for it.
      const data = { sessionId };
      await this.outbox.add(manager, { kind: 'change-email', userId, address, locale, data });
      await this.outbox.add(manager, {
        kind: 'email-changing',
        userId,
        address: account.email,
        locale,
        data: clientFacts(client),
      });
      const type = 'email.change_requested';
      await this.events.record(manager, { type, actorId: userId, subjectId: userId, sessionId, client });
    });
  }

  /** Throws `INVALID_TOKEN` (400), one answer whatever is wrong with the link or with the address that it proves. */
  async confirm(token: string, origin: MailOrigin): Promise<void> {
    const presented = await this.tokens.look(PURPOSE, token);
    const userId = presented?.account.userId ?? (await this.tokens.ownerOf(PURPOSE, token));
    const isFree = presented !== undefined && (await this.isFree(presented));
    const outcome = isFree ? await this.change(presented, origin) : 'taken';
    if (outcome === 'taken') await this.events.write(refusal(userId, origin.client));
    if (outcome !== 'changed') throw new AuthError('INVALID_TOKEN');
  }

  private async isFree({ row }: PresentedToken): Promise<boolean> {
    return (await this.addresses.ownerOf(canonicalIdentifier(row.newAddress ?? ''))) === undefined;
  }

  /** `taken`: nothing has been written, the refusal neither. */
  private async change(presented: PresentedToken, origin: MailOrigin): Promise<'changed' | 'refused' | 'taken'> {
    return this.cache.change([presented.account.userId], async (commitBefore) => {
      try {
        const work = (manager: EntityManager): Promise<boolean> => this.carryOut(manager, presented, origin);
        // Whoever loses the race for the address has written nothing but the claim: on a shared connection it is kept.
        return (await this.database.write(work, { commitBefore, insertMayLose: true })) ? 'changed' : 'refused';
      } catch (error) {
        if (isUniqueViolation(error)) return 'taken';
        throw error;
      }
    });
  }

  private async carryOut(
    manager: EntityManager,
    presented: PresentedToken,
    { client, locale }: MailOrigin,
  ): Promise<boolean> {
    const { userId, email: before, emailCanonical: instead } = presented.account;
    const address = { email: presented.row.newAddress ?? '', instead, at: this.clock.now() };
    const claimed = await this.tokens.claim(manager, presented);
    if (!claimed || !(await this.table.setEmail(manager, userId, address))) {
      await this.events.record(manager, refusal(userId, client));
      return false;
    }
    await this.tokens.endAll(manager, userId);
    await this.events.record(manager, { type: 'email.changed', subjectId: userId, client });
    const letter = { kind: 'email-changed', userId, address: before, locale, data: clientFacts(client) } as const;
    await this.outbox.add(manager, letter);
    return true;
  }
}

function refusal(subjectId: string | undefined, client: ClientInfo) {
  return { type: 'email.change_failed', outcome: 'failure', subjectId, client } as const;
}
