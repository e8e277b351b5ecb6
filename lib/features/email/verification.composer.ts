import { Injectable } from '@nestjs/common';
import { MailLimits } from '../../attempts/mail-limits.service.js';
import { MINUTE_MS } from '../../common/duration.js';
import { Database } from '../../database/database.js';
import { isKnownBrowser } from '../../mail/asking-browser.js';
import type { Letter } from '../../mail/letter.js';
import { MailComposer, type ComposedMail, type CompositionContext } from '../../mail/mail-composer.js';
import { linkWithToken } from '../../mail/mail-link.js';
import { OneTimeTokens } from '../../one-time-tokens/one-time-tokens.service.js';
import { TOKEN_LIFE_MS } from '../../one-time-tokens/purposes.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { MailAccounts, type MailAccount } from '../../users/mail-accounts.service.js';

const PURPOSE = 'verify-email';

/**
 * The link that proves an address: after a registration, on request, and when somebody signs in with the right password of
 * an unproven address. Who has proven it already, and registers again, is told of the account instead.
 */
@Injectable()
export class VerificationComposer extends MailComposer {
  override readonly kinds = ['registration', 'verify-request', 'unverified-sign-in'] as const;

  constructor(
    private readonly accounts: MailAccounts,
    private readonly limits: MailLimits,
    private readonly tokens: OneTimeTokens,
    private readonly database: Database,
    private readonly settings: AuthSettings,
  ) {
    super();
  }

  override async compose(letter: Letter, context: CompositionContext): Promise<ComposedMail | undefined> {
    const { userId, address = '' } = letter;
    const account = await (userId === undefined ? this.accounts.findByAddress(address) : this.accounts.find(userId));
    if (account === undefined || account.disabled) return undefined;
    const kind = this.due(letter, account);
    if (kind === undefined || !(await this.mayBeSent(kind, letter, account, context))) return undefined;
    if (kind === 'existing-account') return { kind, to: account.email, facts: {} };
    const token = await this.database.write((manager) => this.tokens.issue(manager, { purpose: PURPOSE, account }));
    // The page that the link opens has to ask for a password as well: nothing of the account is anybody's yet.
    const { contested } = account;
    const link = linkWithToken(this.settings.links.verifyEmail, token, contested ? { contested: '1' } : {});
    const validForMinutes = TOKEN_LIFE_MS[PURPOSE] / MINUTE_MS;
    return { kind, to: account.email, facts: { link, validForMinutes, contested } };
  }

  private due({ kind, data }: Letter, { emailVerified }: MailAccount): 'verify-email' | 'existing-account' | undefined {
    if (!emailVerified && this.settings.emailVerification !== 'off') return 'verify-email';
    // Of the registration that made the account there is nothing to tell.
    return kind === 'registration' && data?.['repeated'] === true ? 'existing-account' : undefined;
  }

  /** One budget for a mail, whatever the occasion. */
  private mayBeSent(
    kind: string,
    letter: Letter,
    { userId }: MailAccount,
    { entryId }: CompositionContext,
  ): Promise<boolean> {
    const knownBrowser = isKnownBrowser(letter, userId);
    return this.limits.allow({ kind, userId, knownBrowser, entryId });
  }
}
