import { Injectable } from '@nestjs/common';
import type { Letter } from '../../mail/letter.js';
import { MailComposer, type ComposedMail } from '../../mail/mail-composer.js';
import { occasionOf } from '../../mail/mail-occasion.js';
import { MailAccounts } from '../../users/mail-accounts.service.js';

/**
 * What the owner is told after the fact. A notice goes out however many there were before, and to a disabled account too: it
 * is the one sign that somebody else was at work.
 */
@Injectable()
export class NoticeComposer extends MailComposer {
  override readonly kinds = [
    'password-changed',
    'identifier-changed',
    'new-device',
    'refresh-token-reused',
    'account-deleted',
  ] as const;

  constructor(private readonly accounts: MailAccounts) {
    super();
  }

  override async compose(letter: Letter): Promise<ComposedMail | undefined> {
    const to = await this.addressOf(letter);
    if (to === undefined) return undefined;
    const kind = letter.kind as (typeof this.kinds)[number];
    return kind === 'account-deleted' ? { kind, to, facts: {} } : { kind, to, facts: occasionOf(letter) };
  }

  /** Of an account that is gone the letter has kept the address. */
  private async addressOf({ address, userId = '' }: Letter): Promise<string | undefined> {
    return address ?? (await this.accounts.find(userId))?.email;
  }
}
