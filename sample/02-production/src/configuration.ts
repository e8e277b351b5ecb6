import { readFileSync } from 'node:fs';
import type { AuthValues, SmtpOptions } from 'nestjs-gatehouse';
import { malformed, missing, type Variables } from './variables.js';

type AcceptedSecrets = NonNullable<AuthValues['acceptedSecrets']>;

/** Everything that the environment decides. Read once, at start; the README lists the variables. */
export abstract class Configuration {
  abstract readonly instance: string;
  abstract readonly host: string;
  abstract readonly port: number;
  abstract readonly baseUrl: string;
  abstract readonly origins: readonly string[];
  abstract readonly trustedProxyHops: number;
  abstract readonly instances: number;
  abstract readonly secret: string;
  abstract readonly acceptedSecrets: AcceptedSecrets;
  abstract readonly databaseUrl: string;
  abstract readonly databasePool: number;
  abstract readonly passwordCost: number;
  abstract readonly redisUrl: string;
  abstract readonly redisOnPrivateNetwork: boolean;
  abstract readonly mail: SmtpOptions;
  abstract readonly administrator: { readonly email: string; readonly password: string } | undefined;
}

/** Thrown with every problem of the environment at once, so that nobody repairs them one start at a time. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: readonly string[]) {
    super(['The application cannot start:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
    // Nest logs the stack of what stops the start; the list should not drown in it.
    this.stack = this.message;
  }
}

export function readConfiguration(variables: Variables): Configuration {
  const problems = [...missing(variables), ...malformed(variables)];
  if (problems.length > 0) throw new ConfigurationError(problems);

  const said = (name: string): string => variables[name] ?? '';
  const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = variables;
  return {
    instance: said('INSTANCE') || `pid-${process.pid}`,
    host: said('HOST') || '127.0.0.1',
    port: Number(said('PORT') || 3000),
    baseUrl: said('BASE_URL'),
    origins: said('APP_ORIGINS')
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean),
    trustedProxyHops: Number(said('TRUSTED_PROXY_HOPS')),
    instances: Number(said('INSTANCES')),
    secret: said('AUTH_SECRET'),
    acceptedSecrets: acceptedSecrets(variables),
    databaseUrl: said('DATABASE_URL'),
    databasePool: Number(said('DATABASE_POOL') || 10),
    passwordCost: Number(said('PASSWORD_COST') || 12),
    redisUrl: said('REDIS_URL'),
    redisOnPrivateNetwork: said('REDIS_NETWORK') === 'private',
    mail: mail(variables),
    administrator: email && password ? { email, password } : undefined,
  };
}

function mail({ SMTP_URL: url, MAIL_FROM: from, SMTP_CA: ca }: Variables): SmtpOptions {
  return { url, from, ...(ca ? { ca: readFileSync(ca, 'utf8') } : {}) };
}

/** Secrets that verify and never sign: the next one before a rotation, the one before after it, one that has leaked. */
function acceptedSecrets(variables: Variables): AcceptedSecrets {
  const { AUTH_SECRET_NEXT, AUTH_SECRET_PREVIOUS, AUTH_SECRET_PREVIOUS_UNTIL, AUTH_SECRET_LEAKED } = variables;
  return [
    ...(AUTH_SECRET_NEXT ? [{ secret: AUTH_SECRET_NEXT }] : []),
    ...(AUTH_SECRET_PREVIOUS ? [{ secret: AUTH_SECRET_PREVIOUS, notAfter: AUTH_SECRET_PREVIOUS_UNTIL }] : []),
    ...(AUTH_SECRET_LEAKED ? [{ secret: AUTH_SECRET_LEAKED, use: 'unseal' as const }] : []),
  ];
}
