import type {
  DynamicModule,
  ExecutionContext,
  ForwardReference,
  InjectionToken,
  OptionalFactoryDependency,
  Provider,
  Type,
} from '@nestjs/common';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Duration } from '../common/duration.js';
import type { Env } from './env.js';
import type {
  AdministrationOptions,
  ApiKeyOptions,
  ImpersonationOptions,
  IpRuleOptions,
  ResourceTokenOptions,
} from './administration-options.js';
import type { PasskeyOptions, SecondFactorRequirement, TotpOptions } from './factor-options.js';
import type { HttpOptions } from './http-options.js';
import type { KeyPurpose } from './key-purposes.js';
import type { LinkOptions, MailOptions, MailTemplateOptions } from './mail-options.js';
import type { OAuthOptions } from './oauth-options.js';
import type { AcceptedSecret, TokenOptions } from './token-options.js';

export type EmailVerification = 'off' | 'optional' | 'required';
export type JobMode = 'timers' | 'manual';
export type Protect = 'all' | 'marked';
export type AuthEnvironment = 'production' | 'development' | 'test';

export interface SessionOptions {
  /** Time without a request after which a session ends. Default `'30m'`; at least `'2m'`. */
  readonly idle?: Duration;
  /** Longest life of a session. Default `'24h'`. */
  readonly absolute?: Duration;
  /** The same for sessions with `rememberMe`. Default `'14d'`. */
  readonly rememberIdle?: Duration;
  /** The same for sessions with `rememberMe`. Default `'30d'`. */
  readonly rememberAbsolute?: Duration;
  /** Time after a sign-in or re-authentication for which `@Auth({ fresh: true })` is satisfied. Default `'5m'`. */
  readonly fresh?: Duration;
  /** Live sessions of one user; the oldest ends when one more begins. Default 10. */
  readonly cap?: number;
}

export interface CookieOptions {
  /** `SameSite` of our cookies. Default `'lax'`; `'none'` needs https and is a finding. */
  readonly sameSite?: 'lax' | 'strict' | 'none';
  /** Shares cookies with subdomains. Drops the `__Host-` prefix and is a finding. Default: none. */
  readonly domain?: Env;
  /** Also sets a readable `XSRF-TOKEN` cookie with the CSRF token. Default `false`. */
  readonly xsrfCookie?: boolean;
}

/** Peppers by id: an id that stored passwords name must stay here, or they could not be checked any more. */
export interface PepperOptions {
  /**
   * Id of the pepper of new passwords. Default: none, new passwords are made without one. For the first of two
   * deployments that add one, and for giving peppers up.
   */
  readonly current?: string;
  /** 1 to 16 of `A-Z a-z 0-9 _ -` to at least 32 bytes of high entropy. */
  readonly keys: Readonly<Record<string, Env>>;
}

export interface PasswordOptions {
  /** Fewest code points. Default 15 (NIST SP 800-63B-4); below 8 is refused. */
  readonly minLength?: number;
  /** Most code points. Default 128; at least 64. Over 1,024 bytes is refused before hashing whatever this says. */
  readonly maxLength?: number;
  /** bcrypt cost. Default 12; 4 to 15. */
  readonly cost?: number;
  /** Words that may not be a password: product and organisation names. `appName` and the account's own values are always among them. */
  readonly contextWords?: readonly string[];
  /** Further refused passwords, compared as whole values without regard to case. */
  readonly blocklist?: readonly string[];
  /** Character classes that must occur. Default none: NIST SP 800-63B-4 §3.1.1.2 advises against them. */
  readonly composition?: readonly ('lower' | 'upper' | 'digit' | 'symbol')[];
  /** Earlier passwords of an account that may not be taken again. Default 0; at most 24. */
  readonly history?: number;
  /** Secret values that are mixed into every password, by id. Default: none. See docs/passwords.md before setting one. */
  readonly pepper?: PepperOptions;
  /** Hashes at once. Default: threads of the libuv pool minus one. */
  readonly concurrency?: number;
  /** Hashes that may wait; beyond it the answer is 503 `BUSY` at once. Default 64. */
  readonly queue?: number;
}

/** An object schema of valibot or zod (Standard Schema). Only the fields that it names are ever written. */
export type FieldSchema = StandardSchemaV1<unknown, Record<string, unknown>>;

export interface RegistrationOptions {
  /** `false` answers 404 at `POST /register`. Default `true`. */
  readonly enabled?: boolean;
  /** Columns that a registration may set beside `email` and `password`. Unique columns are refused. Default: none. */
  readonly fields?: FieldSchema;
  /** Column values of every new user. Default: none. */
  readonly newUserDefaults?: Readonly<Record<string, unknown>>;
}

export interface ProfileOptions {
  /** Columns that the signed-in owner may change with `PATCH /me`. Default: none. */
  readonly fields?: FieldSchema;
}

export interface RoleOptions {
  /** Roles of a new user. Default `[]`. */
  readonly default?: readonly string[];
  /** Permissions of a role: `resource:action`, `resource:*` or `*`. Default `{ admin: ['*'] }`. */
  readonly grants?: Readonly<Record<string, readonly string[]>>;
}

/** As much of a `cache-manager` cache as is used: its store, which holds the node-redis client. */
export interface HostCache {
  readonly store: object;
}

export interface RedisOptions {
  /** `redis://` or `rediss://`. */
  readonly url?: Env;
  /** Some nodes of a Redis Cluster, as `redis://` or `rediss://` addresses; the others are found through them. */
  readonly cluster?: readonly string[];
  /** An existing `cache-manager` cache over `cache-manager-redis-yet`, whose connection is then shared. */
  readonly cache?: HostCache;
  /** Deadline of a command. Default `'300ms'`. */
  readonly commandTimeout?: Duration;
  /** Deadline of the first connection. Default `'5s'`. */
  readonly connectTimeout?: Duration;
}

export interface AttemptOptions {
  /** Networks (CIDR) shared by many people: offices, schools. Their address budgets count 25-fold. Default `[]`. */
  readonly sharedAddresses?: readonly string[];
}

export interface RateLimitOptions {
  /** Multiplies every route limit, for load tests. Lockout is untouched. Refused in production when not 1. Default 1. */
  readonly multiplier?: number;
}

export interface AuditOptions {
  /** How long rows of the audit trail are kept. Default `'90d'`; `'7d'` to `'365d'`. */
  readonly retention?: Duration;
  /** Links rows by hashes, so that a row that was changed or removed afterwards is found. Default `false`. */
  readonly chain?: boolean;
}

export interface ChecklistOptions {
  /** Findings that are known and accepted: id of the check to the reason, which is printed. Default `{}`. */
  readonly accept?: Readonly<Record<string, string>>;
}

export interface DatabaseOptions {
  /** Deadline of a unit of work. Default `'5s'`. */
  readonly timeout?: Duration;
}

/** Options that may come from `useFactory`. */
export interface AuthValues {
  /** Main secret, at least 32 bytes of high entropy. Every key derives from it. Required. */
  readonly secret: Env;
  /** A secret of its own for single purposes. Default: derived from `secret`. */
  readonly secrets?: Partial<Record<KeyPurpose, Env>>;
  /**
   * Earlier or coming secrets, each for every purpose: they verify and open, and never sign. Default `[]`. To rotate, add
   * the new one here on every instance, then make it `secret` and move the old one here.
   */
  readonly acceptedSecrets?: readonly AcceptedSecret[];
  /** Where this API is reached from outside, such as `https://api.example.com`. Required. */
  readonly baseUrl: Env;
  /** The application's name: part of the password blocklist and of messages. Default `'app'`. */
  readonly appName?: Env;
  /** Where people use the application: what links in mail are built from. Default: the first of `origins`, else `baseUrl`. */
  readonly appUrl?: Env;
  /** Origins whose pages may call this API with cookies. `baseUrl`'s own origin is always one. Default `[]`. */
  readonly origins?: readonly string[];
  /** Share the state through Redis. Default: in the memory of this process. */
  readonly redis?: RedisOptions;
  /** Processes that serve this application. Above 1 the in-memory store is refused. Default 1. */
  readonly instances?: number;
  /** Proxies that append to `X-Forwarded-For`. Default 0 outside production, where it must be said. */
  readonly trustedProxyHops?: Env<number>;
  readonly sessions?: SessionOptions;
  readonly tokens?: TokenOptions;
  readonly cookies?: CookieOptions;
  readonly passwords?: PasswordOptions;
  readonly registration?: RegistrationOptions;
  /** How mail leaves: `smtp(...)`, `webhook(...)`, `consoleMail()` or `customMail(...)`. Default: into the log. */
  readonly mail?: MailOptions;
  readonly mailTemplates?: MailTemplateOptions;
  readonly links?: LinkOptions;
  readonly profile?: ProfileOptions;
  /** Whether an address must be proven: `'required'` before the first sign-in. Default `'required'`. */
  readonly emailVerification?: EmailVerification;
  /**
   * Who must have a second factor: `'required'` everybody, `{ roles }` whoever has one of them. Who has none may do nothing
   * but set one up. Default `'optional'`.
   */
  readonly secondFactor?: SecondFactorRequirement;
  readonly totp?: TotpOptions;
  readonly passkeys?: PasskeyOptions;
  readonly oauth?: OAuthOptions;
  /** Unique columns that may be typed as `email` at sign-in, in order. Default `['email']`. */
  readonly identifiers?: readonly string[];
  /** Columns of the user entity that answers show beside `id, email, emailVerified, roles, createdAt`. Default `[]`. */
  readonly publicUserFields?: readonly string[];
  readonly roles?: RoleOptions;
  readonly administration?: AdministrationOptions;
  readonly apiKeys?: ApiKeyOptions;
  readonly impersonation?: ImpersonationOptions;
  readonly ipRules?: IpRuleOptions;
  readonly resourceTokens?: ResourceTokenOptions;
  /** What `harden(app)` sets up. */
  readonly http?: HttpOptions;
  readonly attempts?: AttemptOptions;
  readonly rateLimits?: RateLimitOptions;
  readonly audit?: AuditOptions;
  /** `'timers'` runs jobs in this process; `'manual'` leaves it to calls of `Jobs.run`. Default `'timers'`. */
  readonly jobs?: JobMode;
  readonly checklist?: ChecklistOptions;
  readonly database?: DatabaseOptions;
  /** Default: `NODE_ENV` when it is one of the three, else `production` unless `baseUrl` is loopback. Stricter only. */
  readonly environment?: Env<AuthEnvironment>;
}

export interface PassportOptions {
  /** Name of the strategy, such as `'jwt'`. */
  readonly strategy: string;
}

export interface RpcOptions {
  /** Finds the access token of a message: in its data, or in the metadata of its transport. */
  readonly accessToken: (context: ExecutionContext) => string | undefined;
}

/**
 * Which property of the user entity holds what. A name that is left out is a property of that name. `null`: the table has
 * no such column.
 */
export interface UserColumns {
  /** Text, `uuid` or an integer that the database generates. Everywhere else it is text. */
  readonly id?: string;
  readonly email?: string;
  /** `null`, or left out where there is none: `email` itself is stored trimmed and in lower case, and is unique. */
  readonly emailCanonical?: string | null;
  /** `null`: kept in `auth_accounts`. */
  readonly passwordHash?: string | null;
  /** Epoch ms (`bigint`), a date with its time, or a boolean. `null`: kept in `auth_accounts`. */
  readonly emailVerifiedAt?: string | null;
  /** Epoch ms (`bigint`) or a date with its time. `null`: kept in `auth_accounts`. */
  readonly createdAt?: string | null;
}

/** Options that shape the module and so must be known before it is made. */
export interface AuthStructure<User extends object = object> {
  /** The application's own entity, which extends `AuthUser` or says with `userColumns` which properties hold what. Required. */
  readonly userEntity: Type<User>;
  /** Properties of a user entity that does not extend `AuthUser`. Default: those of `AuthUser`. */
  readonly userColumns?: UserColumns;
  /** Name of the TypeORM data source. Default: the unnamed one. */
  readonly dataSource?: string;
  /** Where the endpoints live, below the host's global prefix. Default `'/auth'`. */
  readonly path?: string;
  /** `'all'`: a route is protected unless `@Public()`. `'marked'`: only with `@Auth()`. Default `'all'`. */
  readonly protect?: Protect;
  /** Controllers of others that stay public, by class or name. Default `[]`. */
  readonly publicControllers?: readonly (Type | string)[];
  /** Modules whose providers `overrides` inject. Default `[]`. */
  readonly imports?: readonly (Type | DynamicModule | Promise<DynamicModule> | ForwardReference)[];
  /** Providers that replace ours, by token; the last one wins. Default `[]`. */
  readonly overrides?: readonly Provider[];
  /** Registers the bearer check with the application's Passport, for `AuthGuard(strategy)`. Default: not registered. */
  readonly passport?: PassportOptions;
  /** Covers microservice handlers too. Default: they may only be `@Public()`. */
  readonly rpc?: RpcOptions;
  /** Makes `AuthContext` available: the principal outside controllers, through `AsyncLocalStorage`. Default `false`. */
  readonly context?: boolean;
}

export interface AuthOptions<User extends object = object> extends AuthStructure<User>, AuthValues {}

export interface AuthValuesFactory {
  createAuthOptions(): AuthValues | Promise<AuthValues>;
}

/** Structure is static also here; values come from one of the two. */
export interface AuthAsyncOptions<User extends object = object> extends AuthStructure<User> {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- Nest's own signature of an injected factory
  readonly useFactory?: (...args: any[]) => AuthValues | Promise<AuthValues>;
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[];
  readonly useExisting?: Type<AuthValuesFactory>;
}
