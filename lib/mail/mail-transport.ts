/** A mail, ready to be sent. */
export interface MailMessage {
  /** The same at every try: receivers may know a duplicate by it. Becomes `Message-ID`. */
  readonly id: string;
  readonly from: string;
  readonly replyTo: string | undefined;
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
   * {@link MailOutcomeUnknown} when it may have been: it is then sent at most once more.
   */
  abstract send(message: MailMessage): Promise<void>;

  /** Whether mail could be sent now: throws what stands in the way. Sends nothing. */
  async verify(): Promise<void> {}
}

/** The connection was lost after the mail had been handed over: nobody knows whether it will arrive. */
export class MailOutcomeUnknown extends Error {
  override readonly name = 'MailOutcomeUnknown';
}
