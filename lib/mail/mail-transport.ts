import type { MailKind } from '../options/mail-options.js';

/** A mail, ready to be sent. */
export interface MailMessage {
  /** The same at every try: receivers may know a duplicate by it. Becomes `Message-ID`. */
  readonly id: string;
  readonly kind: MailKind;
  /** An address, or a name and an address in angle brackets. */
  readonly from: string;
  readonly replyTo: string | undefined;
  /** One address. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/**
 * How mail leaves: a port. Replace it with a class of yours: `mail: customMail({ from })` and
 * `overrides: [{ provide: MailTransport, useClass: MyTransport }]`.
 */
export abstract class MailTransport {
  /**
   * Resolves once the mail has been accepted. An error means that it was not, and it is tried again later; throw
   * {@link MailRefused} when it is this mail alone that is refused, and {@link MailOutcomeUnknown} when it may have been
   * accepted: it is then sent at most once more. The signal aborts when nobody waits any longer, which counts as unknown.
   */
  abstract send(message: MailMessage, signal: AbortSignal): Promise<void>;

  /** Whether mail could be sent now: throws what stands in the way. Sends nothing. */
  async verify(): Promise<void> {}
}

/** The connection was lost after the mail had been handed over: nobody knows whether it will arrive. */
export class MailOutcomeUnknown extends Error {
  override readonly name = 'MailOutcomeUnknown';
}

/** This mail was refused; others may go through. */
export class MailRefused extends Error {
  override readonly name = 'MailRefused';
  /** Nothing would be gained by another try. */
  readonly permanent: boolean;

  constructor(message: string, { permanent, cause }: { readonly permanent: boolean; readonly cause?: unknown }) {
    super(message, { cause });
    this.permanent = permanent;
  }
}
