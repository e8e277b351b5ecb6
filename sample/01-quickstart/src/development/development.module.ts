import { Module } from '@nestjs/common';
import { mailTransportOf, smtp, type MailTransport } from 'nestjs-gatehouse';
import { Configuration } from '../configuration.js';
import { DevelopmentController } from './development.controller.js';
import { DevelopmentMailbox } from './development-mailbox.js';

const SMTP_TRANSPORT = Symbol('the server of SMTP_URL');

/** What the application has outside production only. */
@Module({
  controllers: [DevelopmentController],
  providers: [
    {
      provide: SMTP_TRANSPORT,
      inject: [Configuration],
      useFactory: ({ smtpUrl, mailFrom }: Configuration) =>
        smtpUrl === undefined ? undefined : mailTransportOf(smtp({ url: smtpUrl, from: mailFrom })),
    },
    {
      provide: DevelopmentMailbox,
      inject: [{ token: SMTP_TRANSPORT, optional: true }],
      useFactory: (onwards?: MailTransport) => new DevelopmentMailbox(onwards),
    },
  ],
  exports: [DevelopmentMailbox],
})
export class DevelopmentModule {}
