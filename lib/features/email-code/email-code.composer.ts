import { Injectable } from '@nestjs/common';
import type { Letter } from '../../mail/letter.js';
import { MailComposer, type ComposedMail, type CompositionContext } from '../../mail/mail-composer.js';
import { CodeLetters } from '../../mailed-codes/code-letters.service.js';
import { MailAccounts } from '../../users/mail-accounts.service.js';

/** Sign-in codes: for every enabled account, one without a password or a proven address included. */
@Injectable()
export class EmailCodeComposer extends MailComposer {
  override readonly kinds = ['email-code'] as const;

  constructor(
    private readonly accounts: MailAccounts,
    private readonly letters: CodeLetters,
  ) {
    super();
  }

  override async compose(letter: Letter, context: CompositionContext): Promise<ComposedMail | undefined> {
    const account = await this.accounts.findByAddress(letter.address ?? '');
    if (account === undefined || account.disabled) return undefined;
    const facts = await this.letters.factsOf('sign-in', letter, account, context);
    return facts && { kind: 'sign-in-code', to: account.email, facts };
  }
}
