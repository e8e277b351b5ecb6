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
import { MailAccounts, type MailAccount } from '../../users/mail-accounts.service.js';
import { UserDirectory } from '../../users/user-directory.js';

const PURPOSE = 'unlock';

/** The way back for the owner of an account that wrong passwords have locked. Names of nobody lock alike, and get no mail. */
@Injectable()
export class UnlockComposer extends MailComposer {
  override readonly kinds = ['unlock'] as const;

  constructor(
    private readonly users: UserDirectory,
    private readonly accounts: MailAccounts,
    private readonly limits: MailLimits,
    private readonly tokens: OneTimeTokens,
    private readonly database: Database,
    private readonly settings: AuthSettings,
  ) {
    super();
  }

  override async compose(letter: Letter, { entryId }: CompositionContext): Promise<ComposedMail | undefined> {
    const account = await this.find(letter);
    if (account === undefined || account.disabled || !this.maySignIn(account)) return undefined;
    const { userId, email } = account;
    const knownBrowser = isKnownBrowser(letter, userId);
    if (!(await this.limits.allow({ kind: letter.kind, userId, knownBrowser, entryId }))) return undefined;
    const token = await this.database.write((manager) => this.tokens.issue(manager, { purpose: PURPOSE, account }));
    const link = linkWithToken(this.settings.links.unlock, token);
    const stopped = letter.data?.['stopped'] === true;
    return { kind: PURPOSE, to: email, facts: { link, validForMinutes: TOKEN_LIFE_MS[PURPOSE] / MINUTE_MS, stopped } };
  }

  /** What was typed may be any identifier that people sign in with. */
  private async find({ address = '' }: Letter): Promise<MailAccount | undefined> {
    const candidate = await this.users.findForSignIn(address);
    return candidate === undefined ? undefined : this.accounts.find(candidate.userId);
  }

  /** An address that nobody has proven may be that of somebody who never made an account. */
  private maySignIn({ emailVerified }: MailAccount): boolean {
    return emailVerified || this.settings.emailVerification !== 'required';
  }
}
