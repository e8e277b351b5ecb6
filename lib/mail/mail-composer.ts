import type { MailFacts, MailKind } from '../options/mail-options.js';
import type { Letter, LetterKind } from './letter.js';

/** A mail with everything its template needs. */
export type ComposedMail = {
  readonly [K in MailKind]: { readonly kind: K; readonly to: string; readonly facts: MailFacts[K] };
}[MailKind];

export interface CompositionContext {
  /** The entry of the outbox: the same at every try. Silent limits count it once. */
  readonly entryId: string;
}

/**
 * Turns letters of some kinds into mail, just before it is sent: resolves the account, applies its limits, makes the token.
 * A port: features fill it through their manifest.
 */
export abstract class MailComposer {
  abstract readonly kinds: readonly LetterKind[];

  /** `undefined`: nothing is to be sent. What it throws, such as 503 of a store, is tried again later. */
  abstract compose(letter: Letter, context: CompositionContext): Promise<ComposedMail | undefined>;
}
