import { MailTransport, type MailMessage } from 'nestjs-gatehouse';
import { keptMail, type KeptMail } from './kept-mail.js';

const MOST_KEPT = 500;

/**
 * Where mail goes outside production: into the memory of this process, which shows it at `GET /dev/mailbox`. With
 * `SMTP_URL` it is sent as well.
 */
export class DevelopmentMailbox extends MailTransport {
  private kept: KeptMail[] = [];

  constructor(private readonly onwards?: MailTransport) {
    super();
  }

  override async send(message: MailMessage, signal: AbortSignal): Promise<void> {
    // Sent first: what the server does not take comes again, and would be here twice.
    await this.onwards?.send(message, signal);
    this.kept = [keptMail(message, new Date()), ...this.kept].slice(0, MOST_KEPT);
  }

  override async verify(): Promise<void> {
    await this.onwards?.verify();
  }

  /** Newest first; of one address, whatever its case, or of all. */
  read(to?: string): readonly KeptMail[] {
    const address = to?.trim().toLowerCase();
    return address ? this.kept.filter((mail) => mail.to.toLowerCase() === address) : this.kept;
  }
}
