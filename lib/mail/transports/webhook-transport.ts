import { createHmac } from 'node:crypto';
import type { Clock } from '../../common/clock.js';
import { SECOND_MS } from '../../common/duration.js';
import type { MailSettings } from '../../options/auth-settings.js';
import { MailOutcomeUnknown, MailRefused, MailTransport, type MailMessage } from '../mail-transport.js';

/** Timeout and rate limit: of the moment, not of the mail. */
const RETRIED = [408, 425, 429];
/** What a request without the right to send answers: the configuration's fault, not the mail's. */
const MISCONFIGURED = [401, 403, 404, 405, 407];
/** Errors before a connection stands. */
const NEVER_LEFT = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];

/**
 * Mail through an HTTP service: each is posted as JSON with a signature over time and body. The service must answer 2xx only
 * once it has it for good, and can know a second try by `Idempotency-Key`.
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
    if (RETRIED.includes(status) || MISCONFIGURED.includes(status) || status < 400 || status >= 500) {
      throw new Error(reason);
    }
    throw new MailRefused(reason, { permanent: true });
  }

  private async post({ id, kind, from, replyTo, to, subject, text, html }: MailMessage, signal: AbortSignal) {
    const { url = '', secret = '' } = this.settings;
    const body = JSON.stringify({ id, kind, from, replyTo, to, subject, text, html });
    const seconds = Math.floor(this.clock.now() / SECOND_MS);
    const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'Gatehouse-Signature': `t=${seconds},v1=${mac}`,
          'Idempotency-Key': id,
        },
        body,
        redirect: 'manual',
        signal,
      });
      // The status says it all: the body, however long it is, is left unread.
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      throw lostAnswer(error);
    }
  }
}

function lostAnswer(error: unknown): Error {
  const { code } = ((error as Error).cause ?? {}) as { readonly code?: unknown };
  const reason = typeof code === 'string' ? code : (error as Error).name;
  return NEVER_LEFT.includes(reason) ? new Error(reason) : new MailOutcomeUnknown(reason);
}
