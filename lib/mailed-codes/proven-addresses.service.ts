import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ClientInfo } from '../common/client-address.js';
import { Database } from '../database/database.js';
import type { EventInput } from '../events/auth-event.js';
import { EventRecorder } from '../events/event-recorder.js';
import { SessionCache } from '../sessions/session-cache.js';
import { Account } from '../users/account.entity.js';
import { ensureAccount, lockAccount } from '../users/account-epoch.js';
import { Addresses } from '../users/addresses.service.js';
import { MailAccounts, type MailAccount } from '../users/mail-accounts.service.js';

export interface Redemption {
  /** Inside the transaction, first of all: uses up what was mailed. `false`: somebody else was faster. */
  readonly claim: (manager: EntityManager) => Promise<boolean>;
  /** The event when nothing comes of it. */
  readonly refused: EventInput;
}

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
   * epoch from then on; when `claim` is lost or the account has changed meanwhile `undefined`, and `refused` has been
   * written in the same transaction.
   */
  redeem(account: MailAccount, client: ClientInfo, { claim, refused }: Redemption): Promise<number | undefined> {
    const redeem = async (manager: EntityManager): Promise<number | undefined> => {
      const isClaimed = await claim(manager);
      const epoch = isClaimed ? await this.epochAfter(manager, account, client) : undefined;
      if (epoch === undefined) await this.events.record(manager, refused);
      return epoch;
    };
    if (account.emailVerified) return this.database.write(redeem);
    return this.cache.change([account.userId], (commitBefore) => this.database.write(redeem, { commitBefore }));
  }

  private epochAfter(manager: EntityManager, account: MailAccount, client: ClientInfo): Promise<number | undefined> {
    return account.emailVerified ? Promise.resolve(account.epoch) : this.prove(manager, account, client);
  }

  private async prove(
    manager: EntityManager,
    { userId, epoch, emailCanonical }: MailAccount,
    client: ClientInfo,
  ): Promise<number | undefined> {
    await ensureAccount(manager, userId);
    if (!(await lockAccount(manager, userId))) return undefined;
    const now = await this.accounts.findIn(manager, userId);
    if (now?.epoch !== epoch || now.emailCanonical !== emailCanonical) return undefined;
    // Whoever opened the link of the registration meanwhile has confirmed the password.
    if (now.emailVerified) return epoch;
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
