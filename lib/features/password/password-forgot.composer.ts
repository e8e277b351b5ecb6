import { Injectable } from '@nestjs/common';
import { MailLimits } from '../../attempts/mail-limits.service.js';
import { MINUTE_MS } from '../../common/duration.js';
import { Database } from '../../database/database.js';
import { isKnownBrowser } from '../../mail/asking-browser.js';
import type { Letter } from '../../mail/letter.js';
import type { ComposedMail, CompositionContext } from '../../mail/mail-composer.js';
import { MailComposer } from '../../mail/mail-composer.js';
import { linkWithToken } from '../../mail/mail-link.js';
import { OneTimeTokens } from '../../one-time-tokens/one-time-tokens.service.js';
import { TOKEN_LIFE_MS } from '../../one-time-tokens/purposes.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { MailAccounts } from '../../users/mail-accounts.service.js';

const PURPOSE = 'reset-password';

/**
 * The reset link, to whoever has an account under the address: without a password too, who may then set one, and with an
 * address that nobody has proven yet, since the link proves it. Nobody else gets any mail.
 */
@Injectable()
export class PasswordForgotComposer extends MailComposer {
  override readonly kinds = ['password-forgot'] as const;

  constructor(
    private readonly accounts: MailAccounts,
    private readonly limits: MailLimits,
    private readonly tokens: OneTimeTokens,
    private readonly database: Database,
    private readonly settings: AuthSettings,
  ) {
    super();
  }

  override async compose(letter: Letter, { entryId }: CompositionContext): Promise<ComposedMail | undefined> {
    const { kind, address = '' } = letter;
    const account = await this.accounts.findByAddress(address);
    if (account === undefined || account.disabled) return undefined;
    const { userId, email } = account;
    const knownBrowser = isKnownBrowser(letter, userId);
    if (!(await this.limits.allow({ kind, userId, knownBrowser, entryId }))) return undefined;
    const token = await this.database.write((manager) => this.tokens.issue(manager, { purpose: PURPOSE, account }));
    const link = linkWithToken(this.settings.links.resetPassword, token);
    return { kind: PURPOSE, to: email, facts: { link, validForMinutes: TOKEN_LIFE_MS[PURPOSE] / MINUTE_MS } };
  }
}
