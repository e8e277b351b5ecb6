import { Injectable } from '@nestjs/common';
import type { Letter } from '../../mail/letter.js';
import { MailComposer, type ComposedMail, type CompositionContext } from '../../mail/mail-composer.js';
import { CodeLetters } from '../../mailed-codes/code-letters.service.js';
import { MailAccounts } from '../../users/mail-accounts.service.js';

@Injectable()
export class ReauthenticationCodeComposer extends MailComposer {
  override readonly kinds = ['reauthentication-code'] as const;

  constructor(
    private readonly accounts: MailAccounts,
    private readonly letters: CodeLetters,
  ) {
    super();
  }

  override async compose(letter: Letter, context: CompositionContext): Promise<ComposedMail | undefined> {
    const account = await this.accounts.find(letter.userId ?? '');
    if (account === undefined || account.disabled) return undefined;
    const facts = await this.letters.factsOf('reauthentication', letter, account, context);
    return facts && { kind: 'confirm-code', to: account.email, facts };
  }
}
