/** How a file of the project is written. */
export interface Manner {
  readonly quote: string;
  readonly eol: string;
  /** What comes after the name of a file in an import. */
  readonly extension: string;
}

/** Where the files lie, as seen from the one that starts the application. */
export interface Places {
  readonly folder: string;
  /** File of the user entity, as it is imported, without its ending. */
  readonly users: string;
}

/** Names of the files that hold what Gatehouse needs of the application, beside the file that starts it. */
export const NEW_FILES = [
  'user.entity.ts',
  'auth-values.ts',
  'environment.ts',
  'database.ts',
  '../data-source.ts',
] as const;

export type NewFile = (typeof NEW_FILES)[number];

/** A line that tells a file of this command from somebody else's under the same name. */
export const SIGN_OF: Record<NewFile, string> = {
  'user.entity.ts': 'export class User extends AuthUser',
  'auth-values.ts': 'export function authValues(',
  'environment.ts': 'process.loadEnvFile(',
  'database.ts': 'export function databaseOptions(',
  '../data-source.ts': 'DataSource(',
};

const USER = `import { AuthUser } from 'nestjs-gatehouse';
import { Entity } from 'typeorm';

/** Somebody who signs in. Add columns and relations as you like; those of AuthUser are written by Gatehouse alone. */
@Entity('users')
export class User extends AuthUser {}
`;

const ENVIRONMENT = `import { existsSync } from 'node:fs';

// What the environment says wins; a deployment needs no such file.
if (existsSync('.env')) process.loadEnvFile('.env');
`;

const DATABASE = `import './environment.js';
import type { DataSourceOptions } from 'typeorm';

/** An SQLite file while you develop; with DATABASE_URL a PostgreSQL server, whose tables are made by migrations. */
export function databaseOptions(): DataSourceOptions {
  const { DATABASE_URL } = process.env;
  if (DATABASE_URL) {
    return { type: 'postgres', url: DATABASE_URL, synchronize: false, migrations: ['migrations/*.js'] };
  }
  return { type: 'better-sqlite3', database: 'app.sqlite', enableWAL: true, synchronize: true };
}
`;

function authValues(appName: string): string {
  return `import './environment.js';
import { smtp, type AuthValues } from 'nestjs-gatehouse';

/** Options of Gatehouse, from the environment: .env.example tells what each variable is for. */
export function authValues(): AuthValues {
  const { AUTH_SECRET, BASE_URL, APP_URL, SMTP_URL, MAIL_FROM, REDIS_URL, INSTANCES, TRUSTED_PROXY_HOPS } = process.env;
  return {
    secret: AUTH_SECRET,
    baseUrl: BASE_URL ?? 'http://localhost:3000',
    appName: '${appName.replace(/[\\']/g, '\\$&')}',
    ...(APP_URL ? { appUrl: APP_URL, origins: [new URL(APP_URL).origin] } : {}),
    ...(SMTP_URL ? { mail: smtp({ url: SMTP_URL, from: MAIL_FROM }) } : {}),
    ...(REDIS_URL ? { redis: { url: REDIS_URL } } : {}),
    ...(INSTANCES ? { instances: Number(INSTANCES) } : {}),
    ...(TRUSTED_PROXY_HOPS ? { trustedProxyHops: Number(TRUSTED_PROXY_HOPS) } : {}),
  };
}
`;
}

function dataSource({ folder, users }: Places): string {
  return `import { authEntities } from 'nestjs-gatehouse';
import { DataSource } from 'typeorm';
import { databaseOptions } from './${folder}/database.js';
import { User } from '${users}.js';

/** For migrations alone: the application makes a data source of its own. List your other entities here too. */
export const dataSource = new DataSource({
  ...databaseOptions(),
  entities: [...authEntities({ userEntity: User })],
});
`;
}

/** The text of a file, in the manner of the project. */
export function newFile(name: NewFile, appName: string, places: Places, { quote, eol, extension }: Manner): string {
  const texts: Record<NewFile, string> = {
    'user.entity.ts': USER,
    'auth-values.ts': authValues(appName),
    'environment.ts': ENVIRONMENT,
    'database.ts': DATABASE,
    '../data-source.ts': dataSource(places),
  };
  const text = extension === '.js' ? texts[name] : texts[name].replace(/(['"]\.[^'"]*)\.js(?=['"];)/g, '$1');
  return inQuotes(text, quote).replaceAll('\n', eol);
}

/** No text of ours has a quotation mark in it, apart from those of strings. */
function inQuotes(text: string, quote: string): string {
  return quote === "'" ? text : text.replace(/(?<!\\)'/g, quote);
}
