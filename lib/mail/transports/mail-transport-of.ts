import { SystemClock } from '../../common/clock.js';
import { StartUpError } from '../../errors/start-up-error.js';
import type { MailOptions } from '../../options/mail-options.js';
import { checkMail, mailSettings } from '../../options/mail-settings.js';
import { mail as fields } from '../../options/mail-values.js';
import { Problems } from '../../options/problems.js';
import { readGroup } from '../../options/read-group.js';
import type { MailTransport } from '../mail-transport.js';
import { createMailTransport } from './create-mail-transport.js';

/**
 * The transport of the option `mail`, for a transport of your own that passes mail on: one that keeps a copy, or sends
 * through a second server when the first one is away. Throws `StartUpError` with everything that is wrong with the options.
 *
 * @example
 * new CopyingTransport(await mailTransportOf(smtp({ url, from })))
 */
export function mailTransportOf(options: MailOptions): Promise<MailTransport> {
  const problems = new Problems();
  const read = readGroup(fields, options, 'mail', { problems, refuseEmpty: false });
  checkMail(read, problems);
  if (problems.lines.length > 0) throw new StartUpError('the mail transport cannot be made', problems.lines);
  // The sender of every mail is that of the module's own options.
  const mail = mailSettings(read, '', new URL('http://localhost'));
  return createMailTransport({ mail }, new SystemClock());
}
