import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ClientInfo } from '../common/client-address.js';
import { Database } from '../database/database.js';
import { EventRecorder } from '../events/event-recorder.js';
import { SessionCache } from '../sessions/session-cache.js';
import { Account } from '../users/account.entity.js';
import { ensureAccount, lockAccount } from '../users/account-epoch.js';
import { Addresses } from '../users/addresses.service.js';
import { MailAccounts, type MailAccount } from '../users/mail-accounts.service.js';

/** Whoever reads what was mailed to an address has proven it: a sign-in by mail verifies the address as it goes. */
@Injectable()
export class ProvenAddresses {
  constructor(
    private readonly database: Database,
    private readonly cache: SessionCache,
    private readonly accounts: MailAccounts,
    private readonly addresses: Addresses,
    private readonly events: EventRecorder,
  ) {}

  /**
   * Uses up what was mailed to the address of an account, as it was read, and proves the address where nobody has: the
   * password, the fields and the sessions from before are dropped, since whoever set them may be a stranger. Answers the
   * epoch from then on, and `undefined` when `claim` was lost or the account has changed meanwhile.
   */
  redeem(
    account: MailAccount,
    client: ClientInfo,
    claim: (manager: EntityManager) => Promise<boolean>,
  ): Promise<number | undefined> {
    if (account.emailVerified) {
      return this.database.write(async (manager) => ((await claim(manager)) ? account.epoch : undefined));
    }
    return this.cache.change([account.userId], (commitBefore) =>
      this.database.write((manager) => this.prove(manager, account, client, claim), { commitBefore }),
    );
  }

  private async prove(
    manager: EntityManager,
    { userId, epoch, emailCanonical }: MailAccount,
    client: ClientInfo,
    claim: (manager: EntityManager) => Promise<boolean>,
  ): Promise<number | undefined> {
    if (!(await claim(manager))) return undefined;
    await ensureAccount(manager, userId);
    if (!(await lockAccount(manager, userId))) return undefined;
    const now = await this.accounts.findIn(manager, userId);
    if (now?.epoch !== epoch || now.emailCanonical !== emailCanonical) return undefined;
    await this.addresses.prove(manager, userId, { anew: true });
    await this.events.record(manager, {
      type: 'email.verified',
      actorId: userId,
      subjectId: userId,
      client,
      details: { contested: now.contested },
    });
    return (await manager.findOneByOrFail(Account, { userId })).epoch;
  }
}
