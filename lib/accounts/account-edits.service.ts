import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { canonicalIdentifier } from '../common/email-address.js';
import { Database } from '../database/database.js';
import { isUniqueViolation } from '../database/driver-errors.js';
import { AuthError } from '../errors/auth-error.js';
import type { EventInput } from '../events/auth-event.js';
import { EventRecorder } from '../events/event-recorder.js';
import { Outbox } from '../mail/outbox.js';
import { OneTimeTokens } from '../one-time-tokens/one-time-tokens.service.js';
import { AuthSettings } from '../options/auth-settings.js';
import { clientFacts } from '../sessions/client-facts.js';
import { SessionCache } from '../sessions/session-cache.js';
import { ensureAccount, raiseEpoch } from '../users/account-epoch.js';
import { Addresses } from '../users/addresses.service.js';
import { MailAccounts, type MailAccount } from '../users/mail-accounts.service.js';
import { OwnColumns } from '../users/own-columns.service.js';
import { UserTable } from '../users/user-table.js';
import type { ActedBy } from './acted-by.js';

/** What is to be changed of an account. What is left out stays. */
export interface AccountEdit {
  /** Ends every session, link and sign-in that is under way, and is told to the old address. Nobody has proven it yet. */
  readonly email?: string | undefined;
  /** Vouches for the address, or takes the proof away. */
  readonly emailVerified?: boolean | undefined;
  /** Values of the application's own columns. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
}

type Event = Pick<EventInput, 'type' | 'details'>;

/** Changes an account from outside it: its address, the proof of it, and columns of the application's own. */
@Injectable()
export class AccountEdits {
  constructor(
    private readonly database: Database,
    private readonly cache: SessionCache,
    private readonly accounts: MailAccounts,
    private readonly addresses: Addresses,
    private readonly columns: OwnColumns,
    private readonly table: UserTable,
    private readonly tokens: OneTimeTokens,
    private readonly events: EventRecorder,
    private readonly outbox: Outbox,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** Throws `NOT_FOUND` (404) and `ALREADY_EXISTS` (409), when an address or a unique value is somebody else's. */
  async apply(userId: string, edit: AccountEdit, by: ActedBy): Promise<void> {
    try {
      const done = await this.cache.change([userId], (commitBefore) =>
        this.database.write((manager) => this.carryOut(manager, userId, edit, by), {
          commitBefore,
          // One statement of ours may, and what comes before it changes nothing.
          insertMayLose: true,
        }),
      );
      if (!done) throw new AuthError('NOT_FOUND');
    } catch (error) {
      throw isUniqueViolation(error) ? new AuthError('ALREADY_EXISTS') : error;
    }
  }

  private async carryOut(manager: EntityManager, userId: string, edit: AccountEdit, by: ActedBy): Promise<boolean> {
    await ensureAccount(manager, userId);
    const account = await this.accounts.findIn(manager, userId);
    if (account === undefined) return false;
    const own = await this.differing(manager, userId, edit.fields ?? {});
    const email = edit.email?.trim();
    const moves = email !== undefined && canonicalIdentifier(email) !== account.emailCanonical;
    const events = moves
      ? await this.move(manager, account, { ...edit, email }, own, by)
      : await this.stay(manager, account, edit, own);
    if (events === undefined) return false;
    const changed = Object.keys(own);
    const signsIn = changed.filter((name) => this.settings.identifiers.includes(name));
    if (signsIn.length > 0) await this.tell(manager, account, 'identifier-changed', by);
    const all: readonly Event[] = [
      ...events,
      ...signsIn.map((column) => ({ type: 'account.identifier_changed', details: { column } }) as const),
      ...(changed.length > 0 ? [{ type: 'account.updated', details: { columns: changed.join(',') } } as const] : []),
    ];
    for (const event of all) await this.events.record(manager, { ...by, ...event, subjectId: userId });
    return true;
  }

  /** Another address, with the columns in the same statement: it alone may find a value taken. */
  private async move(
    manager: EntityManager,
    account: MailAccount,
    { email, emailVerified = false }: AccountEdit & { readonly email: string },
    own: Readonly<Record<string, unknown>>,
    by: ActedBy,
  ): Promise<readonly Event[] | undefined> {
    const { userId, emailCanonical: instead } = account;
    const at = emailVerified ? this.clock.now() : null;
    if (!(await this.table.setEmail(manager, userId, { email, instead, at, own }))) return undefined;
    await raiseEpoch(manager, userId);
    await this.tokens.endAll(manager, userId);
    await this.tell(manager, account, 'email-changed', by);
    const { defaultLocale: locale } = this.settings.mailTemplates;
    if (!emailVerified) await this.outbox.add(manager, { kind: 'verify-request', userId, locale });
    return [{ type: 'email.changed', details: { verified: emailVerified } }];
  }

  private async stay(
    manager: EntityManager,
    { userId, emailVerified: verified, contested }: MailAccount,
    { emailVerified }: AccountEdit,
    own: Readonly<Record<string, unknown>>,
  ): Promise<readonly Event[]> {
    if (Object.keys(own).length > 0) await this.table.update(manager, userId, own);
    if (emailVerified === true && (!verified || contested)) {
      await this.addresses.prove(manager, userId);
      return [{ type: 'email.verified' }];
    }
    if (emailVerified !== false || !verified) return [];
    await this.table.setEmailVerified(manager, userId, null);
    return [{ type: 'account.updated', details: { verified: false } }];
  }

  private tell(
    manager: EntityManager,
    { userId, email: address }: MailAccount,
    kind: 'email-changed' | 'identifier-changed',
    { client }: ActedBy,
  ): Promise<void> {
    const { defaultLocale: locale } = this.settings.mailTemplates;
    const data = client && clientFacts(client);
    return this.outbox.add(manager, { kind, userId, address, locale, ...(data && { data }) });
  }

  private async differing(
    manager: EntityManager,
    userId: string,
    values: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const given = Object.entries(values).filter(([name, value]) => value !== undefined && !this.isOurs(name));
    if (given.length === 0) return {};
    const names = given.map(([name]) => name);
    const current = await this.columns.read(manager, userId, names);
    return Object.fromEntries(given.filter(([name, value]) => !isDeepStrictEqual(current?.[name] ?? null, value)));
  }

  private isOurs(name: string): boolean {
    return this.table.columns.owned.has(name);
  }
}
