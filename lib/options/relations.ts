import { isIP } from 'node:net';
import { isRecord } from './fields.js';
import type { ReadValues } from './value-options.js';
import type { Problems } from './problems.js';

/** Rules between two options, on values that are good each by itself. */
export function checkRelations(
  read: ReadValues,
  raw: Readonly<Record<string, unknown>>,
  baseUrl: URL,
  problems: Problems,
): void {
  checkSessions(read.sessions, problems);
  checkCookies(read.cookies, baseUrl, problems);
  checkRedis(read.redis, raw['redis'], problems);
  if (read.passwords.minLength > read.passwords.maxLength) {
    problems.add('passwords.minLength', 'must not be above passwords.maxLength.');
  }
}

function checkSessions(sessions: ReadValues['sessions'], problems: Problems): void {
  const ordered = [
    ['idle', 'absolute'],
    ['rememberIdle', 'rememberAbsolute'],
    ['fresh', 'absolute'],
    ['absolute', 'rememberAbsolute'],
  ] as const;
  for (const [shorter, longer] of ordered) {
    if (sessions[shorter] > sessions[longer]) {
      problems.add(`sessions.${shorter}`, `must not be longer than sessions.${longer}.`);
    }
  }
}

function checkCookies(cookies: ReadValues['cookies'], baseUrl: URL, problems: Problems): void {
  if (cookies.sameSite === 'none' && baseUrl.protocol !== 'https:') {
    problems.add('cookies.sameSite', "'none' needs an https baseUrl: browsers drop such a cookie otherwise.");
  }
  const { domain } = cookies;
  if (domain === undefined) return;
  const host = baseUrl.hostname;
  // RFC 6265 §5.1.3: an IP address matches no domain but itself.
  if (isIP(host) !== 0 || (host !== domain && !host.endsWith(`.${domain}`))) {
    problems.add(
      'cookies.domain',
      'must be the host of baseUrl or a parent domain of it: browsers drop the cookie otherwise.',
    );
  }
}

function checkRedis(redis: ReadValues['redis'], raw: unknown, problems: Problems): void {
  if (!isRecord(raw)) return;
  if (redis.url !== undefined && redis.cache !== undefined) problems.add('redis', 'takes url or cache, not both.');
  if (!('url' in raw) && !('cache' in raw))
    problems.add('redis', 'needs url or cache. Leave redis out to keep state in memory.');
}
