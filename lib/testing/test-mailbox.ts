import { MailTransport, type MailMessage } from '../mail/mail-transport.js';

/**
 * Keeps mail instead of sending it: `overrideProvider(MailTransport).useValue(new TestMailbox())`. Mail comes a moment after
 * the request that asks for it, as everywhere: `next` waits, or run the outbox yourself with `Jobs.run('outbox')`.
 *
 * @example
 * const mail = await mailbox.next('ada@example.com');
 */
export class TestMailbox extends MailTransport {
  private readonly untaken: MailMessage[] = [];
  private readonly kept: MailMessage[] = [];
  private readonly waiting = new Set<() => void>();

  override send(message: MailMessage): Promise<void> {
    this.kept.push(message);
    this.untaken.push(message);
    this.waiting.forEach((look) => look());
    return Promise.resolve();
  }

  /** Everything that has been sent, or what was sent to this address. */
  all(to?: string): readonly MailMessage[] {
    return this.kept.filter((message) => to === undefined || isTo(message, to));
  }

  /**
   * The oldest mail to this address that has not been taken yet, of one kind where one is given.
   *
   * @throws Error when none comes in time. Default: 5 s.
   */
  next(to: string, kind?: MailMessage['kind'], withinMs = 5_000): Promise<MailMessage> {
    return new Promise<MailMessage>((resolve, reject) => {
      const look = (): void => {
        const index = this.untaken.findIndex((mail) => isTo(mail, to) && (kind === undefined || mail.kind === kind));
        const [found] = index === -1 ? [] : this.untaken.splice(index, 1);
        if (found === undefined) return;
        this.waiting.delete(look);
        clearTimeout(timer);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.waiting.delete(look);
        reject(new Error(`No mail ${kind ?? ''} to ${to} within ${withinMs} ms.`));
      }, withinMs);
      this.waiting.add(look);
      look();
    });
  }
}

function isTo(message: MailMessage, to: string): boolean {
  return message.to.toLowerCase() === to.toLowerCase();
}
