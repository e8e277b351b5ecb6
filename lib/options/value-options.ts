import type {
  AttemptOptions,
  AuditOptions,
  AuthEnvironment,
  AuthValues,
  ChecklistOptions,
  CookieOptions,
  DatabaseOptions,
  FieldSchema,
  HostCache,
  PasswordOptions,
  ProfileOptions,
  RateLimitOptions,
  RedisOptions,
  RegistrationOptions,
  RoleOptions,
  SessionOptions,
} from './auth-options.js';
import { administration, apiKeys, impersonation, ipRules, resourceTokens } from './administration-values.js';
import { ENVIRONMENTS } from './environment.js';
import { passkeys, secondFactor, totp } from './factor-values.js';
import { duration, field, flag, group, isRecord, oneOf, required, text, whole } from './fields.js';
import type { Field, FieldsOf, Group, Read, Shape } from './fields.js';
import { acceptances, cidrProblem, grants, list, propertyProblem, roleProblem, wordProblem } from './list-fields.js';
import { http } from './http-values.js';
import { links, mail, mailTemplates } from './mail-values.js';
import { oauth } from './oauth-values.js';
import { pepper } from './pepper.js';
import { acceptedSecrets, MAX_SECRET, secrets, tokens } from './key-values.js';
import { schemaProblem } from './schema-problem.js';
import { baseUrlProblem, originProblem, redisUrlProblem } from './url-values.js';

const MAX_COUNT = 1_000_000;
const HOST_NAME = /^\.?[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;
const COMPOSITION = ['lower', 'upper', 'digit', 'symbol'] as const;

const MAKE_A_SECRET = `Make one with: node -e "console.log(require('node:crypto').randomBytes(32).toString('base64url'))"`;

const redis = {
  url: field<string | undefined>(undefined, redisUrlProblem),
  cluster: field<readonly string[] | undefined>(undefined, clusterProblem),
  cache: field<HostCache | undefined>(undefined, (value) =>
    hasMethod(value, 'get') ? undefined : 'must be a cache-manager cache.',
  ),
  commandTimeout: duration('300ms', '1ms', '1m'),
  connectTimeout: duration('5s', '1ms', '5m'),
} satisfies FieldsOf<RedisOptions>;

const sessions = {
  idle: duration('30m', '2m'),
  absolute: duration('24h', '2m'),
  rememberIdle: duration('14d', '2m'),
  rememberAbsolute: duration('30d', '2m'),
  fresh: duration('5m', '1s'),
  cap: whole(10, 1, 1_000),
} satisfies FieldsOf<SessionOptions>;

const cookies = {
  sameSite: oneOf('lax', ['lax', 'strict', 'none']),
  domain: field<string | undefined>(undefined, domainProblem, (value) =>
    String(value).replace(/^\./, '').toLowerCase(),
  ),
  xsrfCookie: flag(false),
} satisfies FieldsOf<CookieOptions>;

const passwords = {
  minLength: whole(15, 8, 128),
  maxLength: whole(128, 64, 1_024),
  cost: whole(12, 4, 15),
  contextWords: list([], wordProblem),
  blocklist: list([], wordProblem),
  composition: list<(typeof COMPOSITION)[number]>([], (item) =>
    COMPOSITION.some((name) => name === item) ? undefined : `must be one of ${COMPOSITION.join(', ')}.`,
  ),
  history: whole(0, 0, 24),
  pepper: pepper(),
  /** 0 until the size of the thread pool is looked up. */
  concurrency: whole(0, 1, 1_024, 'threads of the libuv pool minus one'),
  queue: whole(64, 0, MAX_COUNT),
} satisfies FieldsOf<PasswordOptions>;

const registration = {
  enabled: flag(true),
  fields: field<FieldSchema | undefined>(undefined, schemaProblem),
  newUserDefaults: field<Readonly<Record<string, unknown>>>(
    {},
    (value) => (isRecord(value) ? undefined : 'must be an object of column values.'),
    undefined,
    'none',
  ),
} satisfies FieldsOf<RegistrationOptions>;

const profile = {
  fields: field<FieldSchema | undefined>(undefined, schemaProblem),
} satisfies FieldsOf<ProfileOptions>;

const roles = {
  default: list([], roleProblem),
  grants: grants({ admin: ['*'] }),
} satisfies FieldsOf<RoleOptions>;

const attempts = { sharedAddresses: list([], cidrProblem) } satisfies FieldsOf<AttemptOptions>;
const rateLimits = { multiplier: field(1, multiplierProblem) } satisfies FieldsOf<RateLimitOptions>;
const audit = { retention: duration('90d', '7d', '365d'), chain: flag(false) } satisfies FieldsOf<AuditOptions>;
const checklist = { accept: acceptances() } satisfies FieldsOf<ChecklistOptions>;
const database = { timeout: duration('5s', '1ms', '5m') } satisfies FieldsOf<DatabaseOptions>;

/** Every option that may come from `useFactory`: how it is read and what it is when left out. The only such list. */
export const VALUE_OPTIONS = {
  secret: required(text('', MAX_SECRET), MAKE_A_SECRET),
  secrets: group(secrets),
  acceptedSecrets,
  baseUrl: required(
    field('http://localhost', baseUrlProblem, String),
    "Say where this API is reached from outside, such as 'https://api.example.com' or 'http://localhost:3000'.",
  ),
  appName: text('app', 100),
  appUrl: field<string | undefined>(undefined, baseUrlProblem, String, 'the first of `origins`, else `baseUrl`'),
  origins: list([], originProblem, { convert: (origin) => new URL(origin).origin }),
  redis: group(redis),
  instances: whole(1, 1, MAX_COUNT),
  trustedProxyHops: field<number | undefined>(
    undefined,
    hopsProblem,
    Number,
    '0 outside production, where it must be said',
  ),
  sessions: group(sessions),
  tokens: group(tokens),
  cookies: group(cookies),
  passwords: group(passwords),
  registration: group(registration),
  mail: group(mail),
  mailTemplates: group(mailTemplates),
  links: group(links),
  profile: group(profile),
  emailVerification: oneOf('required', ['off', 'optional', 'required']),
  secondFactor,
  totp: group(totp),
  passkeys: group(passkeys),
  oauth: group(oauth),
  identifiers: list(['email'], propertyProblem, { notEmpty: true }),
  publicUserFields: list([], propertyProblem),
  roles: group(roles),
  administration: group(administration),
  apiKeys: group(apiKeys),
  impersonation: group(impersonation),
  ipRules: group(ipRules),
  resourceTokens: group(resourceTokens),
  http: group(http),
  attempts: group(attempts),
  rateLimits: group(rateLimits),
  audit: group(audit),
  jobs: oneOf('timers', ['timers', 'manual']),
  checklist: group(checklist),
  database: group(database),
  environment: field<AuthEnvironment | undefined>(
    undefined,
    (value) => (ENVIRONMENTS.some((name) => name === value) ? undefined : `must be one of ${ENVIRONMENTS.join(', ')}.`),
    undefined,
    'by NODE_ENV',
  ),
} satisfies Record<keyof AuthValues, Field<unknown> | Group<Shape>>;

/** The values as they were read, each good by itself. */
export type ReadValues = Read<typeof VALUE_OPTIONS>;

function hopsProblem(value: unknown): string | undefined {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 10
    ? undefined
    : 'must be a whole number from 0 to 10: how many proxies of yours append to X-Forwarded-For.';
}

function multiplierProblem(value: unknown): string | undefined {
  return Number.isFinite(value) && Number(value) > 0 && Number(value) <= MAX_COUNT
    ? undefined
    : 'must be a number above 0.';
}

function domainProblem(value: unknown): string | undefined {
  return typeof value === 'string' && HOST_NAME.test(value)
    ? undefined
    : "must be a domain name, such as 'example.com'.";
}

function clusterProblem(value: unknown): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return 'must be a list of addresses of nodes.';
  return (value as unknown[]).map(redisUrlProblem).find((problem) => problem !== undefined);
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof (value as Record<string, unknown> | null | undefined)?.[name] === 'function';
}
