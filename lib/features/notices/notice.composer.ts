import { Injectable } from '@nestjs/common';
import { MailLimits } from '../../attempts/mail-limits.service.js';
import { Clock } from '../../common/clock.js';
import { canonicalIdentifier } from '../../common/email-address.js';
import { Database } from '../../database/database.js';
import type { Letter } from '../../mail/letter.js';
import { MailComposer, type ComposedMail, type CompositionContext } from '../../mail/mail-composer.js';
import { occasionOf } from '../../mail/mail-occasion.js';
import type { FactorChangeName } from '../../options/mail-options.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { Credentials } from '../../users/credentials.service.js';
import { MailAccounts, type MailAccount } from '../../users/mail-accounts.service.js';

/**
 * What the owner is told after the fact. A notice to a proven address goes out however many there were before, and to a
 * disabled account too: it is the one sign that somebody else was at work. Sign-ins are the exception: five an hour are told.
 * An address that nobody has proven may be that of somebody who never made an account.
 */
@Injectable()
export class NoticeComposer extends MailComposer {
  override readonly kinds = [
    'password-changed',
    'identifier-changed',
    'new-device',
    'refresh-token-reused',
    'second-factor-changed',
    'account-deleted',
  ] as const;

  constructor(
    private readonly accounts: MailAccounts,
    private readonly limits: MailLimits,
    private readonly credentials: Credentials,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly settings: AuthSettings,
  ) {
    super();
  }

  override async compose(letter: Letter, { entryId }: CompositionContext): Promise<ComposedMail | undefined> {
    const kind = letter.kind as (typeof this.kinds)[number];
    // The account is gone: the letter has kept the address.
    if (kind === 'account-deleted') return { kind, to: letter.address ?? '', facts: {} };
    const account = await this.accounts.find(letter.userId ?? '');
    if (account === undefined) return undefined;
    // The address of then: who has taken the account since must not get what tells the owner of it.
    const to = letter.address ?? account.email;
    if (!(await this.mayBeSent(kind, to, account, entryId))) return undefined;
    if (kind === 'password-changed')
      return { kind, to, facts: { ...occasionOf(letter), apiKeys: await this.countKeys(account) } };
    if (kind !== 'second-factor-changed') return { kind, to, facts: occasionOf(letter) };
    return { kind, to, facts: { ...occasionOf(letter), change: letter.data?.['change'] as FactorChangeName } };
  }

  private countKeys({ userId }: MailAccount): Promise<number> {
    return this.database.read((manager) => this.credentials.countLasting(manager, userId, this.clock.now()));
  }

  private async mayBeSent(kind: string, to: string, account: MailAccount, entryId: string): Promise<boolean> {
    const { userId, emailVerified, emailCanonical } = account;
    if (!emailVerified && this.settings.emailVerification !== 'off') return false;
    // Nothing tells whether an address that is no longer the account's was ever proven.
    const isProven = emailVerified && canonicalIdentifier(to) === emailCanonical;
    return (isProven && kind !== 'new-device') || this.limits.allow({ kind, userId, knownBrowser: true, entryId });
  }
}
