import { MailTransport, type MailMessage } from '../../lib/index.js';

/** Does what the test at hand says. */
export class ScriptedTransport extends MailTransport {
  readonly messages: MailMessage[] = [];
  act: (message: MailMessage, signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  override send(message: MailMessage, signal: AbortSignal): Promise<void> {
    this.messages.push(message);
    return this.act(message, signal);
  }
}
