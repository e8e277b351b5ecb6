import { isIP } from 'node:net';
import { isRecord } from './fields.js';
import { checkLinks, checkMail } from './mail-settings.js';
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
  checkTokens(read.tokens, problems);
  checkAcceptedSecrets(read, problems);
  checkCookies(read.cookies, baseUrl, problems);
  checkRedis(read.redis, raw['redis'], problems);
  checkMail(read.mail, problems);
  checkLinks(read, baseUrl, problems);
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

function checkTokens(tokens: ReadValues['tokens'], problems: Problems): void {
  if (tokens.refreshIdle > tokens.refreshAbsolute) {
    problems.add('tokens.refreshIdle', 'must not be longer than tokens.refreshAbsolute.');
  }
  if (tokens.accessTtl > tokens.refreshAbsolute) {
    problems.add('tokens.accessTtl', 'must not be longer than tokens.refreshAbsolute.');
  }
  if (tokens.acceptSecretUntil !== undefined && tokens.signingKey.privateKey === undefined) {
    problems.add('tokens.acceptSecretUntil', 'would end the only key that signs: give tokens.signingKey as well.');
  }
  if (tokens.signingKey.kid !== undefined && tokens.signingKey.privateKey === undefined) {
    problems.add('tokens.signingKey.kid', 'names no key: give tokens.signingKey.privateKey as well.');
  }
}

/**
 * A secret that stands twice would be accepted by one entry after the other has ended it. The main one may stand there
 * beside secrets of single purposes: it is how a purpose comes by a secret of its own, or gives it up.
 */
function checkAcceptedSecrets({ acceptedSecrets, secret, secrets }: ReadValues, problems: Problems): void {
  const mainIsEnough = Object.values(secrets).every((own) => own === undefined);
  const named: (readonly [path: string, value: string | undefined])[] = [
    ...(mainIsEnough ? [['secret', secret] as const] : []),
    ...Object.entries(secrets).map(([purpose, value]) => [`secrets.${purpose}`, value] as const),
    ...acceptedSecrets.map((accepted, index) => [`acceptedSecrets[${index}]`, accepted.secret] as const),
  ];
  for (const [index, accepted] of acceptedSecrets.entries()) {
    const path = `acceptedSecrets[${index}]`;
    const twin = named.find(([name, value]) => name !== path && accepted.secret !== '' && value === accepted.secret);
    if (twin !== undefined) problems.add(path, `is the same secret as ${twin[0]}: remove one of the two.`);
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
  const given = [redis.url, redis.cluster, redis.cache].filter((way) => way !== undefined);
  if (given.length > 1) problems.add('redis', 'takes one of url, cluster and cache.');
  if (!('url' in raw) && !('cluster' in raw) && !('cache' in raw))
    problems.add('redis', 'needs url, cluster or cache. Leave redis out to keep state in memory.');
}
