import type { Readable } from 'node:stream';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { SendMailOptions, SMTPPoolOptions, SMTPPoolSentMessageInfo, Mail } from 'nodemailer';
import { namedAddress } from '../../options/mailbox.js';
import type { MailSettings } from '../../options/auth-settings.js';
import { MailTransport, type MailMessage } from '../mail-transport.js';
import { smtpConnection } from './smtp-connection.js';
import { smtpFailure } from './smtp-errors.js';

type Nodemailer = typeof import('nodemailer');
type Pool = Mail<SMTPPoolSentMessageInfo, SMTPPoolOptions>;

/** Mail through an SMTP server, over a few connections that are kept for the next mail. */
export class SmtpTransport extends MailTransport implements OnApplicationShutdown {
  private readonly pool: Pool;
  /** The content of each mail that is being sent, whenever it is made ready. */
  private readonly contents = new Map<string, Readable[]>();

  constructor(nodemailer: Nodemailer, settings: MailSettings) {
    super();
    this.pool = nodemailer.createTransport(smtpConnection(settings));
    // Without a listener an error of an idle connection would end the process.
    this.pool.on('error', () => undefined);
    this.pool.use('stream', ({ message, data }, next) => {
      message.processFunc((content: Readable) => {
        this.contents.get(String(data.messageId))?.push(content);
        return content;
      });
      next();
    });
  }

  override async send(message: MailMessage, signal: AbortSignal): Promise<void> {
    const mail = { ...describe(message), signal };
    const contents: Readable[] = [];
    this.contents.set(mail.messageId, contents);
    try {
      await this.pool.sendMail(mail);
    } catch (error) {
      throw smtpFailure(
        error,
        contents.some(({ readableDidRead }) => readableDidRead),
      );
    } finally {
      this.contents.delete(mail.messageId);
    }
  }

  override async verify(): Promise<void> {
    try {
      await this.pool.verify();
    } catch (error) {
      throw smtpFailure(error, false);
    }
  }

  onApplicationShutdown(): void {
    this.pool.close();
  }
}

function describe({ id, kind, from, replyTo, to, subject, text, html }: MailMessage) {
  const sender = namedAddress(from);
  return {
    messageId: `<${id}@${sender.address.split('@').at(-1)}>`,
    // Addresses in parts, so that nothing in them is read as a second one.
    envelope: { from: sender.address, to: [to] },
    from: sender,
    to: { name: '', address: to },
    ...(replyTo === undefined ? {} : { replyTo: namedAddress(replyTo) }),
    subject,
    text,
    html,
    // RFC 3834 §5: no out-of-office answers.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Gatehouse-Kind': kind },
    disableFileAccess: true,
    disableUrlAccess: true,
  } satisfies SendMailOptions;
}
