import { Inject, Injectable } from '@nestjs/common';
import { StartUpError } from '../errors/start-up-error.js';
import type { LetterKind } from './letter.js';
import type { MailComposer } from './mail-composer.js';
import { MAIL_COMPOSERS } from './tokens.js';

/** Which composer has which kind of letter. */
@Injectable()
export class MailComposers {
  private readonly byKind = new Map<LetterKind, MailComposer>();

  constructor(@Inject(MAIL_COMPOSERS) composers: readonly MailComposer[]) {
    const twice: LetterKind[] = [];
    for (const composer of composers) {
      for (const kind of composer.kinds) {
        if (this.byKind.has(kind)) twice.push(kind);
        this.byKind.set(kind, composer);
      }
    }
    if (twice.length > 0) throw new StartUpError('letters have two composers', twice);
  }

  of(kind: LetterKind): MailComposer | undefined {
    return this.byKind.get(kind);
  }
}
