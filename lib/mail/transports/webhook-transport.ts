import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../../common/clock.js';
import { SECOND_MS } from '../../common/duration.js';
import type { MailSettings } from '../../options/auth-settings.js';
import { MailOutcomeUnknown, MailRefused, MailTransport, type MailMessage } from '../mail-transport.js';

/** Client errors that say nothing of the mail: of the moment, or of a configuration that somebody will mend. */
const RETRIED = [401, 403, 404, 405, 407, 408, 425, 429];

/**
 * Mail through an HTTP service: each is posted as JSON with a signature over time and body. The service must answer 2xx only
 * once it has the mail for good, and can know a second try by `Idempotency-Key`.
 */
export class WebhookTransport extends MailTransport {
  constructor(
    private readonly settings: Pick<MailSettings, 'url' | 'secret' | 'timeoutMs'>,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async send(message: MailMessage, signal: AbortSignal): Promise<void> {
    const status = await this.post(message, AbortSignal.any([signal, AbortSignal.timeout(this.settings.timeoutMs)]));
    if (status >= 200 && status < 300) return;
    const reason = `HTTP ${status}`;
    if (status < 400 || status >= 500 || RETRIED.includes(status)) throw new Error(reason);
    throw new MailRefused(reason, { permanent: true });
  }

  /** The status alone: no redirect is followed, and the body, however long, is left unread. */
  private post(message: MailMessage, signal: AbortSignal): Promise<number> {
    const { id, kind, from, replyTo, to, subject, text, html } = message;
    const url = new URL(this.settings.url ?? '');
    const isTls = url.protocol === 'https:';
    const body = Buffer.from(JSON.stringify({ id, kind, from, replyTo, to, subject, text, html }));
    return new Promise<number>((resolve, reject) => {
      let isConnected = false;
      const request = (isTls ? httpsRequest : httpRequest)(url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': body.length,
          'Gatehouse-Signature': this.signature(body),
          'Idempotency-Key': id,
        },
        // A connection of its own: until that stands, nothing has left.
        agent: false,
        signal,
      });
      request.on('socket', (socket) => socket.once(isTls ? 'secureConnect' : 'connect', () => (isConnected = true)));
      request.on('response', (response) => {
        resolve(response.statusCode ?? 0);
        response.on('error', () => undefined).destroy();
      });
      request.on('error', (error) => reject(lost(error, isConnected)));
      request.end(body);
    });
  }

  private signature(body: Buffer): string {
    const { secret = '' } = this.settings;
    const seconds = Math.floor(this.clock.now() / SECOND_MS);
    const mac = createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex');
    return `t=${seconds},v1=${mac}`;
  }
}

function lost(error: NodeJS.ErrnoException, isConnected: boolean): Error {
  const reason = `HTTP ${error.code ?? error.name}`;
  return isConnected ? new MailOutcomeUnknown(reason) : new Error(reason);
}
