import { Injectable } from '@nestjs/common';
import { MailLimits } from '../../attempts/mail-limits.service.js';
import { Clock } from '../../common/clock.js';
import { canonicalIdentifier } from '../../common/email-address.js';
import { MINUTE_MS } from '../../common/duration.js';
import { Database } from '../../database/database.js';
import type { Letter } from '../../mail/letter.js';
import { MailComposer, type ComposedMail, type CompositionContext } from '../../mail/mail-composer.js';
import { linkWithToken } from '../../mail/mail-link.js';
import { occasionOf } from '../../mail/mail-occasion.js';
import { OneTimeTokens } from '../../one-time-tokens/one-time-tokens.service.js';
import { TOKEN_LIFE_MS } from '../../one-time-tokens/purposes.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { lockSession } from '../../sessions/lock-session.js';
import { Addresses } from '../../users/addresses.service.js';
import { MailAccounts, type MailAccount } from '../../users/mail-accounts.service.js';

const PURPOSE = 'change-email';

/** Mail around a change of address: the link to the new one, and two notices to the old one. */
@Injectable()
export class EmailChangeComposer extends MailComposer {
  override readonly kinds = ['change-email', 'email-changing', 'email-changed'] as const;

  constructor(
    private readonly accounts: MailAccounts,
    private readonly addresses: Addresses,
    private readonly limits: MailLimits,
    private readonly tokens: OneTimeTokens,
    private readonly database: Database,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async compose(letter: Letter, { entryId }: CompositionContext): Promise<ComposedMail | undefined> {
    const { userId = '', address: to = '' } = letter;
    // Whoever lost the address is told, whatever has become of the account since.
    if (letter.kind === 'email-changed') return { kind: 'email-changed', to, facts: occasionOf(letter) };
    const account = await this.accounts.find(userId);
    if (account === undefined || account.disabled) return undefined;
    // Mail to an address that somebody signed in can choose: the account's own budget bounds it.
    const subject = { kind: letter.kind, userId, knownBrowser: true, entryId };
    if (!(await this.limits.allow(subject))) return undefined;
    if (letter.kind === 'email-changing') return { kind: 'email-changing', to, facts: occasionOf(letter) };
    if ((await this.addresses.ownerOf(canonicalIdentifier(to))) !== undefined) return undefined;
    const token = await this.issue(account, to, String(letter.data?.['sessionId']));
    if (token === undefined) return undefined;
    const link = linkWithToken(this.settings.links.changeEmail, token);
    return { kind: PURPOSE, to, facts: { link, validForMinutes: TOKEN_LIFE_MS[PURPOSE] / MINUTE_MS } };
  }

  /** `undefined`: the session that asked has ended. It is held until there is a token, which its end ends too. */
  private issue(account: MailAccount, newAddress: string, sessionId: string): Promise<string | undefined> {
    const { userId } = account;
    return this.database.write(async (manager) => {
      if (!(await lockSession(manager, { userId, sessionId }, this.clock.now()))) return undefined;
      return this.tokens.issue(manager, { purpose: PURPOSE, account, newAddress });
    });
  }
}
