import { Logger } from '@nestjs/common';
import { MailTransport, type MailMessage } from '../mail-transport.js';

/** Mail in the log, for development. */
export class ConsoleTransport extends MailTransport {
  private readonly logger = new Logger('Mail');

  override send({ kind, to, subject, text }: MailMessage): Promise<void> {
    this.logger.log(`${kind} to ${to}\n${subject}\n\n${text}`);
    return Promise.resolve();
  }
}
