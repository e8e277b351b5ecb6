import type { Clock } from '../../common/clock.js';
import { StartUpError } from '../../errors/start-up-error.js';
import type { AuthSettings } from '../../options/auth-settings.js';
import type { MailTransport } from '../mail-transport.js';
import { ConsoleTransport } from './console-transport.js';
import { SmtpTransport } from './smtp-transport.js';
import { WebhookTransport } from './webhook-transport.js';

/** The transport that the option `mail` asks for. Connects to nothing yet. */
export async function createMailTransport({ mail }: Pick<AuthSettings, 'mail'>, clock: Clock): Promise<MailTransport> {
  switch (mail.kind) {
    case 'smtp':
      return new SmtpTransport(await nodemailer(), mail);
    case 'webhook':
      return new WebhookTransport(mail, clock);
    case 'console':
      return new ConsoleTransport();
    case 'custom':
      throw new StartUpError('the mail transport is missing', [
        'mail: customMail(...) sends through a class of yours. Add it to the module: ' +
          'overrides: [{ provide: MailTransport, useClass: MyTransport }].',
      ]);
  }
}

/** An optional package: only who sends through SMTP needs it. */
async function nodemailer(): Promise<typeof import('nodemailer')> {
  try {
    return await import('nodemailer');
  } catch (error) {
    throw new StartUpError('mail: smtp(...) needs a package that is not there', [
      `Install it: npm install nodemailer (${(error as { readonly code?: string }).code ?? 'it could not be loaded'}).`,
    ]);
  }
}
