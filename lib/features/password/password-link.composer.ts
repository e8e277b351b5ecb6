import { Injectable } from '@nestjs/common';
import { MINUTE_MS } from '../../common/duration.js';
import { Database } from '../../database/database.js';
import type { Letter } from '../../mail/letter.js';
import { MailComposer, type ComposedMail } from '../../mail/mail-composer.js';
import { linkWithToken } from '../../mail/mail-link.js';
import { OneTimeTokens } from '../../one-time-tokens/one-time-tokens.service.js';
import { TOKEN_LIFE_MS } from '../../one-time-tokens/purposes.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { MailAccounts } from '../../users/mail-accounts.service.js';

const PURPOSE = 'reset-password';

/**
 * The link by which an owner sets a password, sent by an administrator. No stranger can ask for one, so that the budget which
 * strangers may empty does not hold for it.
 */
@Injectable()
export class PasswordLinkComposer extends MailComposer {
  override readonly kinds = ['password-link'] as const;

  constructor(
    private readonly accounts: MailAccounts,
    private readonly tokens: OneTimeTokens,
    private readonly database: Database,
    private readonly settings: AuthSettings,
  ) {
    super();
  }

  override async compose({ userId = '', data }: Letter): Promise<ComposedMail | undefined> {
    const account = await this.accounts.find(userId);
    if (account === undefined || account.disabled) return undefined;
    const token = await this.database.write((manager) => this.tokens.issue(manager, { purpose: PURPOSE, account }));
    const facts = {
      link: linkWithToken(this.settings.links.resetPassword, token),
      validForMinutes: TOKEN_LIFE_MS[PURPOSE] / MINUTE_MS,
    };
    return { kind: data?.['created'] === true ? 'account-created' : PURPOSE, to: account.email, facts };
  }
}
