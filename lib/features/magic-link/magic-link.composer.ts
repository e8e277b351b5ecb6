import { Injectable } from '@nestjs/common';
import { MailLimits } from '../../attempts/mail-limits.service.js';
import { MINUTE_MS } from '../../common/duration.js';
import { Database } from '../../database/database.js';
import { isKnownBrowser } from '../../mail/asking-browser.js';
import type { Letter } from '../../mail/letter.js';
import { linkWithToken } from '../../mail/mail-link.js';
import { MailComposer, type ComposedMail, type CompositionContext } from '../../mail/mail-composer.js';
import { OneTimeTokens } from '../../one-time-tokens/one-time-tokens.service.js';
import { TOKEN_LIFE_MS } from '../../one-time-tokens/purposes.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { MailAccounts } from '../../users/mail-accounts.service.js';

/** Sign-in links: for every enabled account, one without a password or a proven address included. */
@Injectable()
export class MagicLinkComposer extends MailComposer {
  override readonly kinds = ['magic-link'] as const;

  constructor(
    private readonly accounts: MailAccounts,
    private readonly limits: MailLimits,
    private readonly database: Database,
    private readonly tokens: OneTimeTokens,
    private readonly settings: AuthSettings,
  ) {
    super();
  }

  override async compose(letter: Letter, { entryId }: CompositionContext): Promise<ComposedMail | undefined> {
    const account = await this.accounts.findByAddress(letter.address ?? '');
    if (account === undefined || account.disabled) return undefined;
    const { userId, email } = account;
    const subject = { kind: letter.kind, userId, knownBrowser: isKnownBrowser(letter, userId), entryId };
    if (!(await this.limits.allow(subject))) return undefined;
    const binding = String(letter.data?.['binding']);
    const token = await this.database.write((manager) =>
      this.tokens.issue(manager, { purpose: 'magic-link', account, binding }),
    );
    const link = linkWithToken(this.settings.links.magicLink, token);
    const validForMinutes = TOKEN_LIFE_MS['magic-link'] / MINUTE_MS;
    return { kind: 'magic-link', to: email, facts: { link, validForMinutes } };
  }
}
