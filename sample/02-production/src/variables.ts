import { existsSync } from 'node:fs';

export type Variables = Readonly<Record<string, string | undefined>>;

/** What has no default: a guess would be wrong somewhere, and a wrong one is not seen until it matters. */
const REQUIRED: Readonly<Record<string, string>> = {
  NODE_ENV: 'this sample runs as `production` alone',
  AUTH_SECRET: 'the secret that every key derives from, at least 32 random bytes: `openssl rand -base64 48`',
  BASE_URL: 'where browsers reach the proxy, such as `https://api.example.com`',
  DATABASE_URL: 'the PostgreSQL database: `postgres://user:password@host/name`',
  REDIS_URL: 'the Redis that the workers share: `rediss://user:password@host:6379`',
  SMTP_URL: 'the server that sends mail: `smtps://user:password@host:465`',
  MAIL_FROM: 'who sends it, such as `Order book <orders@example.com>`',
  INSTANCES: 'how many workers serve this application, such as 2',
  TRUSTED_PROXY_HOPS: 'how many proxies stand in front and append to `X-Forwarded-For`, such as 1',
};

type Rule = readonly [name: string, fits: (value: string) => boolean, rule: string];

const RULES: readonly Rule[] = [
  ['NODE_ENV', (value) => value === 'production', 'must be `production`'],
  ['BASE_URL', (value) => isUrl(value, 'https:'), 'must begin with `https://`'],
  ['APP_ORIGINS', (value) => value.split(',').every(isOrigin), 'must list https origins, separated by commas'],
  ['DATABASE_URL', (value) => isUrl(value, 'postgres:', 'postgresql:'), 'must begin with `postgres://`'],
  ['DATABASE_POOL', (value) => isWhole(value, 1, 1_000), 'must be a whole number from 1 to 1000'],
  ['PASSWORD_COST', (value) => isWhole(value, 10, 15), 'must be a bcrypt cost from 10 to 15'],
  ['REDIS_URL', (value) => isUrl(value, 'redis:', 'rediss:'), 'must begin with `rediss://` or `redis://`'],
  ['REDIS_NETWORK', (value) => value === 'private', 'can only be `private`'],
  ['SMTP_URL', (value) => isUrl(value, 'smtp:', 'smtps:'), 'must begin with `smtps://` or `smtp://`'],
  ['SMTP_CA', existsSync, 'must name a file that is there'],
  ['INSTANCES', (value) => isWhole(value, 1, 1_000), 'must be a whole number from 1 to 1000'],
  ['TRUSTED_PROXY_HOPS', (value) => isWhole(value, 0, 10), 'must be a whole number from 0 to 10'],
  ['PORT', (value) => isWhole(value, 0, 65_535), 'must be a port, or 0 for any free one'],
];

const PAIRS: readonly (readonly [one: string, other: string, why: string])[] = [
  ['ADMIN_EMAIL', 'ADMIN_PASSWORD', 'make the first administrator together'],
  ['AUTH_SECRET_PREVIOUS', 'AUTH_SECRET_PREVIOUS_UNTIL', 'belong together: a secret without an end is never retired'],
];

/** One line for each variable that is needed and absent or empty. */
export function missing(variables: Variables): string[] {
  return Object.entries(REQUIRED)
    .filter(([name]) => !variables[name])
    .map(([name, meaning]) => `${name} is not set: ${meaning}`);
}

/** One line for each variable whose value cannot be right. Values are not repeated: some are secrets. */
export function malformed(variables: Variables): string[] {
  const wrong = RULES.filter(([name, fits]) => variables[name] && !fits(variables[name]));
  const halves = PAIRS.filter(([one, other]) => !variables[one] !== !variables[other]);
  return [
    ...wrong.map(([name, , rule]) => `${name} ${rule}`),
    ...halves.map(([one, other, why]) => `${one} and ${other} ${why}: set both or neither`),
  ];
}

function isUrl(value: string, ...protocols: readonly string[]): boolean {
  return URL.canParse(value) && protocols.includes(new URL(value).protocol);
}

function isOrigin(value: string): boolean {
  return isUrl(value.trim(), 'https:') && new URL(value.trim()).origin === value.trim();
}

function isWhole(value: string, least: number, most: number): boolean {
  return /^\d{1,5}$/.test(value) && Number(value) >= least && Number(value) <= most;
}
