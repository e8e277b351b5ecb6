import { Logger } from '@nestjs/common';
import { StartUpError } from '../errors/start-up-error.js';
import type { AuthEnvironment, AuthStructure, AuthValues } from './auth-options.js';
import type { AuthSettings, TokenSettings } from './auth-settings.js';
import { resolveEnvironment } from './environment.js';
import { isRecord } from './fields.js';
import { VALUE_OPTIONS, type ReadValues } from './value-options.js';
import { Problems } from './problems.js';
import { readGroup } from './read-group.js';
import { checkRelations } from './relations.js';
import { appUrlOf, linkSettings, mailSettings } from './mail-settings.js';
import { httpSettings } from './http-settings.js';
import { settingsOf } from './resolved-settings.js';
import { isStructureKey, structureProblems } from './structure.js';
import { tokenSettings } from './token-settings.js';
import { parseBaseUrl } from './url-values.js';

export interface ResolveContext {
  /** Checked in the same go, so that one error names the problems of both. */
  readonly structure?: AuthStructure;
  /** Set by the testing kit alone. */
  readonly testing?: boolean;
}

const LIBUV_THREADS = 4;

/**
 * Validates the options and applies every default.
 *
 * @throws StartUpError that lists every problem with the key to set. It shows no value of any option.
 */
export function resolveSettings(
  values: AuthValues,
  env: NodeJS.ProcessEnv = process.env,
  context: ResolveContext = {},
): AuthSettings {
  const problems = new Problems();
  const raw: Readonly<Record<string, unknown>> = isRecord(values) ? values : {};
  const environment = resolveEnvironment(raw['environment'], env['NODE_ENV'], raw['baseUrl']);
  if (context.structure !== undefined) problems.lines.push(...structureProblems(context.structure));
  if (environment === 'production' && (raw['environment'] === 'development' || raw['environment'] === 'test')) {
    problems.add(
      'environment',
      `must not be '${raw['environment']}' where NODE_ENV and baseUrl say production. Remove it, or set NODE_ENV.`,
    );
  }
  const read = readGroup(VALUE_OPTIONS, valuesAlone(raw, problems), '', {
    problems,
    refuseEmpty: environment === 'production',
  });
  const baseUrl = parseBaseUrl(read.baseUrl);
  checkRelations(read, raw, baseUrl, problems);
  const tokens = tokenSettings(read.tokens, baseUrl.href.replace(/\/$/, ''), problems);
  if (problems.lines.length > 0) throw new StartUpError('the options are not valid.', problems.lines);
  if (isRecord(raw['redis']) && redisOf(read) === undefined) sayMemory();
  return settings({ ...read, tokens }, environment, baseUrl, env, context.testing === true);
}

function valuesAlone(raw: Readonly<Record<string, unknown>>, problems: Problems): Record<string, unknown> {
  const structural: readonly string[] = Object.keys(raw).filter(isStructureKey);
  for (const key of structural) problems.add(key, 'shapes the module: give it to forRoot or forRootAsync itself.');
  return Object.fromEntries(Object.entries(raw).filter(([key]) => !structural.includes(key)));
}

function settings(
  read: Omit<ReadValues, 'tokens'> & { readonly tokens: TokenSettings },
  environment: AuthEnvironment,
  baseUrl: URL,
  env: NodeJS.ProcessEnv,
  testing: boolean,
): AuthSettings {
  const { idle, absolute, rememberIdle, rememberAbsolute, fresh, cap } = read.sessions;
  const { trustedProxyHops, database, passwords } = read;
  const origins = [...new Set([baseUrl.origin, ...read.origins])];
  return settingsOf({
    ...read,
    environment,
    baseUrl,
    secure: baseUrl.protocol === 'https:',
    appUrl: appUrlOf(read, baseUrl),
    links: linkSettings(read, baseUrl),
    secondFactor: {
      everybody: read.secondFactor === 'required',
      roles: typeof read.secondFactor === 'string' ? [] : read.secondFactor.roles,
    },
    totp: { ...read.totp, issuer: read.totp.issuer ?? read.appName },
    oauth: oauthSettings(read),
    passkeys: { ...read.passkeys, rpId: read.passkeys.rpId ?? appUrlOf(read, baseUrl).hostname },
    mail: mailSettings(read.mail, read.appName, baseUrl),
    audit: { retentionMs: read.audit.retention, chain: read.audit.chain },
    apiKeys: apiKeySettings(read, environment),
    impersonation: { ttlMs: read.impersonation.ttl },
    resourceTokens: { ttlMs: read.resourceTokens.ttl },
    http: httpSettings(read.http, baseUrl, origins),
    origins,
    redis: redisOf(read),
    trustedProxyHops: trustedProxyHops ?? 0,
    trustedProxyHopsSaid: trustedProxyHops !== undefined,
    sessions: {
      idleMs: idle,
      absoluteMs: absolute,
      rememberIdleMs: rememberIdle,
      rememberAbsoluteMs: rememberAbsolute,
      freshMs: fresh,
      cap,
    },
    passwords: { ...passwords, concurrency: passwords.concurrency || defaultConcurrency(env) },
    database: { timeoutMs: database.timeout },
    testing,
  });
}

function oauthSettings({ oauth, registration }: Pick<ReadValues, 'oauth' | 'registration'>): AuthSettings['oauth'] {
  const { timeout: timeoutMs, ...rest } = oauth;
  return { ...rest, registration: oauth.registration ?? registration.enabled, timeoutMs };
}

function apiKeySettings(
  { apiKeys }: Pick<ReadValues, 'apiKeys'>,
  environment: AuthEnvironment,
): AuthSettings['apiKeys'] {
  const { ttl: ttlMs, label = environment === 'production' ? 'live' : 'test', ...rest } = apiKeys;
  return { ...rest, label, ttlMs };
}

function redisOf({ redis }: Pick<ReadValues, 'redis'>): AuthSettings['redis'] {
  const { url, cluster, cache, commandTimeout, connectTimeout } = redis;
  if (url === undefined && cluster === undefined && cache === undefined) return undefined;
  return { url, cluster, cache, commandTimeoutMs: commandTimeout, connectTimeoutMs: connectTimeout };
}

/** One thread of the pool stays free for file and name look-ups. */
function defaultConcurrency(env: NodeJS.ProcessEnv): number {
  const threads = Number(env['UV_THREADPOOL_SIZE'] ?? LIBUV_THREADS);
  return Math.max(1, (Number.isInteger(threads) && threads > 0 ? threads : LIBUV_THREADS) - 1);
}

function sayMemory(): void {
  new Logger('Gatehouse').log('redis.url is there without a value: state is kept in the memory of this process.');
}
