import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ClientInfo } from '../../common/client-address.js';
import { isEmailAddress } from '../../common/email-address.js';
import { Database } from '../../database/database.js';
import { isUniqueViolation } from '../../database/driver-errors.js';
import { EventRecorder } from '../../events/event-recorder.js';
import { AuthHooks } from '../../hooks/auth-hooks.js';
import { withinDeadline } from '../../hooks/within-deadline.js';
import { Outbox } from '../../mail/outbox.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { UserWriter } from '../../registration/user-writer.service.js';
import { METHODS } from '../../common/authentication-methods.js';
import { clientFacts } from '../../sessions/client-facts.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { ensureAccount, lockAccount } from '../../users/account-epoch.js';
import { Account } from '../../users/account.entity.js';
import { Addresses } from '../../users/addresses.service.js';
import { ColumnLimits } from '../../users/column-limits.js';
import { MailAccounts, type MailAccount } from '../../users/mail-accounts.service.js';
import type { Arrival } from './arrival.js';
import { Identities } from './identities.service.js';
import type { ProviderIdentity } from './profiles.js';
import type { Exchanged } from './exchanged.js';
import { ProviderFailure } from './provider-failure.js';

/** Somebody was faster: what was read of the identity or its account is not true any more. */
export class Outpaced extends Error {
  override readonly name = 'Outpaced';
}

/** Gives identities that nobody has seen before their account: a new one, or the one that the address belongs to. */
@Injectable()
export class IdentityAccounts {
  constructor(
    private readonly identities: Identities,
    private readonly database: Database,
    private readonly cache: SessionCache,
    private readonly writer: UserWriter,
    private readonly accounts: MailAccounts,
    private readonly addresses: Addresses,
    private readonly limits: ColumnLimits,
    private readonly hooks: AuthHooks,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
    private readonly settings: AuthSettings,
  ) {}

  /** An address that an account can have, and that the provider has seen proof of. */
  provenAddress({ email, emailVerified }: ProviderIdentity): string | undefined {
    if (email === undefined || !emailVerified || !isEmailAddress(email)) return undefined;
    return this.limits.emailProblems(email).length === 0 ? email : undefined;
  }

  /** A new account. Throws `Outpaced`, and a `ProviderFailure` where strangers get none. */
  async register(provider: string, email: string, found: Exchanged, { client }: Arrival): Promise<void> {
    if (!this.settings.oauth.registration) throw new ProviderFailure('registration-closed');
    const { address } = client;
    const allowed = await withinDeadline(() => this.hooks.beforeRegister({ email, fields: {}, address }));
    if (allowed === false) {
      await this.events.write({ type: 'account.registration_refused', outcome: 'failure', client });
      throw new ProviderFailure('registration-refused');
    }
    const roles = this.settings.roles.default;
    const user = { email, passwordHash: null, emailVerified: true, roles, fields: {} };
    const record = async (manager: EntityManager, { userId }: { readonly userId: string }): Promise<void> => {
      // On a shared connection a violation of its index would leave the account behind without it.
      if ((await this.identities.ownerIn(manager, found.identity)) !== undefined) throw new Outpaced();
      await this.identities.insert(manager, userId, provider, found);
      const details = { method: METHODS.federation, provider };
      await this.events.record(manager, { type: 'account.registered', subjectId: userId, client, details });
    };
    const userId = await outpacing(() => this.writer.create(user, record));
    if (userId === undefined) throw new Outpaced();
  }

  /**
   * Links the identity with the account of its proven address, and answers the epoch from then on. An address that nobody
   * has proven here is proven by it: whoever set the password, the fields and the factors may be somebody else, so that
   * they are dropped, and every session ends. Throws `Outpaced`.
   */
  async adopt(provider: string, account: MailAccount, found: Exchanged, arrival: Arrival): Promise<number> {
    const work = (manager: EntityManager): Promise<number | undefined> =>
      this.adoptIn(manager, provider, account, found, arrival);
    const epoch = await outpacing(() =>
      account.emailVerified
        ? this.database.write(work)
        : this.cache.change([account.userId], (commitBefore) => this.database.write(work, { commitBefore })),
    );
    if (epoch === undefined) throw new Outpaced();
    return epoch;
  }

  private async adoptIn(
    manager: EntityManager,
    provider: string,
    account: MailAccount,
    found: Exchanged,
    { client, locale }: Arrival,
  ): Promise<number | undefined> {
    const { userId, emailVerified, epoch, emailCanonical } = account;
    await ensureAccount(manager, userId);
    if (!(await lockAccount(manager, userId))) return undefined;
    const now = await this.accounts.findIn(manager, userId);
    const isSame = now?.epoch === epoch && now.emailCanonical === emailCanonical;
    if (!isSame || now.emailVerified !== emailVerified) return undefined;
    if ((await this.identities.ownerIn(manager, found.identity)) !== undefined) return undefined;
    if (!emailVerified) await this.prove(manager, now, client);
    await this.identities.insert(manager, userId, provider, found);
    await this.recordLink(manager, { userId, provider, client, locale, by: 'address' });
    return (await manager.findOneByOrFail(Account, { userId })).epoch;
  }

  private async prove(manager: EntityManager, { userId, contested }: MailAccount, client: ClientInfo): Promise<void> {
    await this.addresses.prove(manager, userId, { anew: true });
    const details = { contested };
    await this.events.record(manager, { type: 'email.verified', actorId: userId, subjectId: userId, client, details });
  }

  /** Inside `Database.write`: the event and the notice of a new link. */
  async recordLink(
    manager: EntityManager,
    { userId, sessionId, provider, client, locale, by }: LinkRecord,
  ): Promise<void> {
    const details = { provider, by };
    const about = { actorId: userId, subjectId: userId, sessionId, client, details };
    await this.events.record(manager, { type: 'identity.linked', ...about });
    const data = { change: 'identity-linked', ...clientFacts(client) };
    await this.outbox.add(manager, { kind: 'second-factor-changed', userId, locale, data });
  }
}

export interface LinkRecord {
  readonly userId: string;
  readonly sessionId?: string;
  readonly provider: string;
  readonly client: ClientInfo;
  readonly locale: string;
  /** The owner, from a session; or the address, which the provider has verified. */
  readonly by: 'owner' | 'address';
}

/** A unique index that holds the identity or the address by now is a lost race. */
export async function outpacing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isUniqueViolation(error) ? new Outpaced('', { cause: error }) : error;
  }
}
