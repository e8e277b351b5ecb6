import { createServer, type AddressInfo } from 'node:net';
import type { EmailVerification } from 'nestjs-gatehouse';
import { providerOf, providerProblems, type Provider } from './provider.js';
import { environmentOf, type Environment, type Variables } from './environment.js';
import { storedSecret } from './stored-secret.js';

/** Everything that the environment decides. Read once, at start; the README lists the variables. */
export abstract class Configuration {
  abstract readonly environment: Environment;
  abstract readonly production: boolean;
  abstract readonly host: string;
  abstract readonly port: number;
  abstract readonly dataDir: string;
  abstract readonly baseUrl: string;
  /** Where the page can use passkeys: they belong to a name, and `127.0.0.1` is none. */
  abstract readonly passkeyOrigin: string;
  abstract readonly secret: string;
  abstract readonly databaseUrl: string | undefined;
  abstract readonly redisUrl: string | undefined;
  abstract readonly trustedProxyHops: number;
  abstract readonly rateLimitMultiplier: number;
  abstract readonly passwordCost: number;
  abstract readonly emailVerification: EmailVerification;
  abstract readonly secondFactor: 'optional' | 'required';
  abstract readonly smtpUrl: string | undefined;
  abstract readonly mailFrom: string;
  abstract readonly provider: Provider | undefined;
  abstract readonly administrator: { readonly email: string; readonly password: string } | undefined;
}

/** Thrown with every problem of the environment at once, so that nobody repairs them one start at a time. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: readonly string[]) {
    super(['The quickstart cannot start:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
    // Nest logs the stack of what stops the start; the list should not drown in it.
    this.stack = this.message;
  }
}

const NEEDED_IN_PRODUCTION: Readonly<Record<string, string>> = {
  AUTH_SECRET: 'the secret that every key derives from, at least 32 random bytes: `openssl rand -base64 48`',
  BASE_URL: 'where browsers reach this application, such as `https://notes.example.com`',
  DATABASE_URL: 'a PostgreSQL database: `postgres://user:password@host/name`; the SQLite file is for development',
  REDIS_URL: 'the Redis that the processes share: `rediss://host:6379`',
  TRUSTED_PROXY_HOPS: 'how many proxies stand in front and append to `X-Forwarded-For`; 0 when there is none',
  SMTP_URL: 'the server that sends mail: `smtps://user:password@host:465`',
};

/** bcrypt: each step doubles the work. */
const DEFAULT_COST = 12;
const LEAST_COST = 10;

const EMAIL_VERIFICATION: readonly EmailVerification[] = ['required', 'optional', 'off'];

export async function readConfiguration(variables: Variables): Promise<Configuration> {
  const environment = environmentOf(variables);
  const production = environment === 'production';
  const problems = production ? [...missing(variables), ...refusedInProduction(variables)] : [];
  problems.push(...malformed(variables));
  if (problems.length > 0) throw new ConfigurationError(problems);

  const host = variables['HOST'] || '127.0.0.1';
  const port = Number(variables['PORT'] || 3000) || (await freePort(host));
  const dataDir = variables['DATA_DIR'] || '.data';
  const baseUrl = variables['BASE_URL'] || `http://127.0.0.1:${port}`;
  const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = variables;
  return {
    environment,
    production,
    host,
    port,
    dataDir,
    baseUrl,
    passkeyOrigin: namedOrigin(baseUrl),
    secret: variables['AUTH_SECRET'] || storedSecret(dataDir),
    databaseUrl: variables['DATABASE_URL'] || undefined,
    redisUrl: variables['REDIS_URL'] || undefined,
    trustedProxyHops: Number(variables['TRUSTED_PROXY_HOPS'] || 0),
    rateLimitMultiplier: variables['RATE_LIMITS'] === 'relaxed' ? 1_000 : 1,
    passwordCost: Number(variables['PASSWORD_COST'] || DEFAULT_COST),
    emailVerification: emailVerification(variables['EMAIL_VERIFICATION']) ?? 'required',
    secondFactor: variables['SECOND_FACTOR'] === 'required' ? 'required' : 'optional',
    smtpUrl: variables['SMTP_URL'] || undefined,
    mailFrom: variables['MAIL_FROM'] || `Quickstart <no-reply@${mailHost(baseUrl)}>`,
    provider: providerOf(variables),
    administrator: email && password ? { email, password } : undefined,
  };
}

function missing(variables: Variables): string[] {
  return Object.entries(NEEDED_IN_PRODUCTION)
    .filter(([name]) => !variables[name])
    .map(([name, meaning]) => `${name} is not set: ${meaning}`);
}

function refusedInProduction({ RATE_LIMITS: limits, PASSWORD_COST: cost }: Variables): string[] {
  return [
    ...(limits === 'relaxed' ? ['RATE_LIMITS=relaxed is for load tests and refused in production'] : []),
    ...(cost && Number(cost) < LEAST_COST
      ? [`PASSWORD_COST below ${LEAST_COST} is for load tests and refused in production`]
      : []),
  ];
}

function malformed(variables: Variables): string[] {
  const rules: readonly [name: string, fits: (value: string) => boolean, rule: string][] = [
    ['PORT', (value) => isWhole(value, 65_535), 'must be a port, or 0 for any free one'],
    ['BASE_URL', (value) => /^https?:\/\/./.test(value) && URL.canParse(value), 'must begin with `https://`'],
    ['TRUSTED_PROXY_HOPS', (value) => isWhole(value, 10), 'must be a whole number, such as 1'],
    ['RATE_LIMITS', (value) => value === 'relaxed', 'can only be `relaxed`'],
    ['PASSWORD_COST', (value) => isWhole(value, 15) && Number(value) >= 4, 'must be a bcrypt cost from 4 to 15'],
    ['HTTP_ADAPTER', (value) => value === 'express' || value === 'fastify', 'must be `express` or `fastify`'],
    [
      'DATABASE_URL',
      (value) => /^postgres(ql)?:\/\//.test(value) && URL.canParse(value),
      'must begin with `postgres://`',
    ],
    [
      'EMAIL_VERIFICATION',
      (value) => emailVerification(value) !== undefined,
      'must be `required`, `optional` or `off`',
    ],
    ['SECOND_FACTOR', (value) => value === 'optional' || value === 'required', 'must be `optional` or `required`'],
    [
      'SMTP_URL',
      (value) => /^smtps?:\/\/./.test(value) && URL.canParse(value),
      'must begin with `smtps://` or `smtp://`',
    ],
  ];
  const problems = rules
    .filter(([name, fits]) => variables[name] && !fits(variables[name]))
    .map(([name, , rule]) => `${name} ${rule}`);
  if (!variables['ADMIN_EMAIL'] !== !variables['ADMIN_PASSWORD']) {
    problems.push('ADMIN_EMAIL and ADMIN_PASSWORD make the first administrator together: set both or neither');
  }
  return [...problems, ...providerProblems(variables)];
}

function emailVerification(value: string | undefined): EmailVerification | undefined {
  return EMAIL_VERIFICATION.find((one) => one === value);
}

/** The same machine under its name, where the address is the number of a loopback interface. */
function namedOrigin(baseUrl: string): string {
  const url = new URL(baseUrl);
  if (/^(127(\.\d+){3}|\[::1\])$/.test(url.hostname)) url.hostname = 'localhost';
  return url.origin;
}

/** No mail has `localhost` or a bare IP address for a sender. */
function mailHost(baseUrl: string): string {
  const hostname = URL.canParse(baseUrl) ? new URL(baseUrl).hostname : '';
  return /^[\w-]+(\.[\w-]+)*\.[a-z-]{2,}$/.test(hostname) ? hostname : 'quickstart.example';
}

function isWhole(value: string, most: number): boolean {
  return /^\d{1,5}$/.test(value) && Number(value) <= most;
}

/** `baseUrl` names the port, so that `PORT=0` has to be settled before the application is made. */
function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, host, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
