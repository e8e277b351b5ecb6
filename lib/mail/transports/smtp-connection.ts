import { SECOND_MS } from '../../common/duration.js';
import { isLoopbackHost } from '../../options/loopback.js';
import type { MailSettings } from '../../options/auth-settings.js';

/** As few as keep up with four deliveries at once. */
const MAX_CONNECTIONS = 4;
/** For the next mail of a burst; no server need keep more than that for us. */
const IDLE_MS = 30 * SECOND_MS;

/**
 * How nodemailer is to connect. The URL is read here, because nodemailer would take any option of its own from a query.
 * Outside loopback there is TLS or nothing: mail carries links that sign in.
 */
export function smtpConnection({ url = '', timeoutMs, ca }: Pick<MailSettings, 'url' | 'timeoutMs' | 'ca'>) {
  const { protocol, hostname, port, username, password } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const secure = protocol === 'smtps:';
  const mayBePlain = isLoopbackHost(host) && ca === undefined;
  return {
    pool: true as const,
    maxConnections: MAX_CONNECTIONS,
    // A connection that the server has closed meanwhile is replaced once, before anything of the mail has been sent.
    maxRequeues: 1,
    idleTimeout: IDLE_MS,
    host,
    port: Number(port) || (secure ? 465 : 587),
    secure,
    requireTLS: !secure && !mayBePlain,
    ignoreTLS: !secure && mayBePlain,
    ...(ca === undefined ? {} : { tls: { ca } }),
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
