import { Inject, Injectable } from '@nestjs/common';
import { StartUpError } from '../errors/start-up-error.js';
import { LETTER_KINDS, type LetterKind } from './letter.js';
import type { MailComposer } from './mail-composer.js';
import { MAIL_COMPOSERS } from './tokens.js';

/** Which composer has which kind of letter: one each, or the start is refused. */
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
    const without = LETTER_KINDS.filter((kind) => !this.byKind.has(kind));
    if (twice.length > 0) throw new StartUpError('these letters have two composers', twice);
    if (without.length > 0) throw new StartUpError('these letters have no composer', without);
  }

  /** `undefined` for a kind of another version of this library, which shares the database. */
  of(kind: LetterKind): MailComposer | undefined {
    return this.byKind.get(kind);
  }
}
