import type { AuthSettings, MailSettings } from './auth-settings.js';
import { isLoopbackHost } from './loopback.js';
import type { LinkOptions } from './mail-options.js';
import type { Problems } from './problems.js';
import { parseBaseUrl } from './url-values.js';
import type { ReadValues } from './value-options.js';

type Read = ReadValues['mail'];
type WithLinks = Pick<ReadValues, 'appUrl' | 'origins' | 'links'>;

const LEAST_SECRET_BYTES = 32;
/** What a display name may have, as `mailboxProblem` says. */
const MAX_NAME = 100;
const PROTOCOLS: Partial<Record<Read['kind'], readonly string[]>> = {
  smtp: ['smtp:', 'smtps:'],
  webhook: ['https:', 'http:'],
};
const NAMES = [
  'verifyEmail',
  'resetPassword',
  'changeEmail',
  'magicLink',
  'unlock',
] as const satisfies (keyof LinkOptions)[];

/** What a way of sending mail needs, and what does not belong to it. */
export function checkMail(mail: Read, problems: Problems): void {
  const protocols = PROTOCOLS[mail.kind];
  if (protocols !== undefined) checkUrl(mail, protocols, problems);
  else if (mail.url !== undefined) problems.add('mail.url', `is not for mail of kind '${mail.kind}'.`);
  if (mail.kind !== 'console' && mail.from === undefined) problems.add('mail.from', 'is missing: who sends the mail?');
  if (mail.kind === 'webhook' && Buffer.byteLength(mail.secret ?? '') < LEAST_SECRET_BYTES) {
    problems.add('mail.secret', `must be at least ${LEAST_SECRET_BYTES} bytes: it signs what is sent.`);
  }
}

/** Links lead to pages of the application alone: what they carry signs in. */
export function checkLinks(read: WithLinks, baseUrl: URL, problems: Problems): void {
  const appUrl = appUrlOf(read, baseUrl);
  const known = [appUrl.origin, baseUrl.origin, ...read.origins];
  for (const name of NAMES) {
    const link = linkOf(read.links[name], appUrl);
    if (link === undefined || link.hash !== '' || link.username !== '') {
      problems.add(`links.${name}`, 'must be a path that begins with /, or a URL, without fragment and user.');
    } else if (!known.includes(link.origin)) {
      problems.add(`links.${name}`, 'must lead to appUrl or to one of origins.');
    }
  }
}

export function appUrlOf({ appUrl, origins }: Pick<WithLinks, 'appUrl' | 'origins'>, baseUrl: URL): URL {
  return parseBaseUrl(appUrl ?? origins[0] ?? baseUrl.href);
}

export function linkSettings(read: WithLinks, baseUrl: URL): AuthSettings['links'] {
  const appUrl = appUrlOf(read, baseUrl);
  const entries = NAMES.map((name) => [name, linkOf(read.links[name], appUrl) ?? appUrl] as const);
  return Object.fromEntries(entries) as unknown as AuthSettings['links'];
}

export function mailSettings(mail: Read, appName: string, baseUrl: URL): MailSettings {
  const { kind, from, replyTo, url, secret, timeout, ca } = mail;
  const words = appName.replace(/[^\p{L}\p{N} ._-]/gu, '').split(' ');
  const name = words.filter(Boolean).join(' ').slice(0, MAX_NAME) || 'app';
  return {
    kind,
    from: from ?? `${name} <no-reply@${baseUrl.hostname}>`,
    replyTo,
    url,
    secret,
    timeoutMs: timeout,
    ca,
  };
}

function checkUrl({ kind, url }: Read, protocols: readonly string[], problems: Problems): void {
  if (url === undefined) {
    problems.add('mail.url', `is missing: mail of kind '${kind}' needs to know where to.`);
    return;
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.hostname === '' || !protocols.includes(parsed.protocol)) {
    problems.add('mail.url', `must begin with ${protocols.map((name) => `${name}//`).join(' or ')} and name a host.`);
  } else if (parsed.protocol === 'http:' && !isLoopbackHost(parsed.hostname)) {
    problems.add('mail.url', 'must begin with https://: what it carries signs people in.');
  }
}

/** A path is one below `appUrl`, whatever path that has itself. `//host` is no path. */
function linkOf(text: string, appUrl: URL): URL | undefined {
  if (/^\/(?![/\\])/.test(text)) return new URL(appUrl.href.replace(/\/$/, '') + text);
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text);
}
