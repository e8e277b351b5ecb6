import type { InjectionToken, Provider, Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessChecks } from './access/access.checks.js';
import { AccessGuard } from './access/access.guard.js';
import { AccountScope } from './access/account-scope.policy.js';
import { AuthContext } from './access/auth-context.js';
import { AuthContextMiddleware } from './access/auth-context.middleware.js';
import { BearerTokenReader } from './access/bearer-token-reader.js';
import { CookieRenewal } from './access/cookie-renewal.js';
import { CookieSessionReader } from './access/cookie-session-reader.js';
import { SessionReader } from './access/credential-source.js';
import { CsrfProtection } from './access/csrf-protection.js';
import { HandshakeRules } from './access/handshake-rules.js';
import { PrincipalIdentity } from './access/principal-identity.js';
import { Principals } from './access/principals.js';
import { RouteRules } from './access/route-rules.js';
import { RpcSeals } from './access/rpc-seals.js';
import { sealedGuard } from './access/sealed-guard.js';
import { SocketCredentials } from './access/socket-credentials.service.js';
import { UserLoader } from './access/user-loader.js';
import { AttemptChecks } from './attempts/attempt.checks.js';
import { ClientAddresses } from './attempts/client-addresses.service.js';
import { DeviceCookie } from './attempts/device-cookie.js';
import { MailLimits } from './attempts/mail-limits.service.js';
import { PasswordAttempts } from './attempts/password-attempts.service.js';
import { RateLimits } from './attempts/rate-limits.service.js';
import { RequestIdentity } from './attempts/request-identity.js';
import { throttlerProviders } from './attempts/throttler.providers.js';
import type { SealedColumn } from './database/sealed-columns.js';
import type { CheckSource } from './checklist/check.js';
import { AcceptedKeyChecks } from './checklist/accepted-key.checks.js';
import { Checklist } from './checklist/checklist.js';
import { KeyChecks } from './checklist/key.checks.js';
import { SettingsChecks } from './checklist/settings.checks.js';
import { StartUpChecklist } from './checklist/start-up.js';
import { StoreChecks } from './checklist/store.checks.js';
import { Clock, SystemClock } from './common/clock.js';
import { CookieJar } from './cookies/cookie-jar.js';
import { Database } from './database/database.js';
import { MysqlRules } from './database/mysql-rules.js';
import { SealedColumns } from './database/sealed-columns.js';
import { DatabaseChecks } from './checklist/database.checks.js';
import { AuthEvents } from './events/auth-events.js';
import { EventRecorder } from './events/event-recorder.js';
import { AuthHooks } from './hooks/auth-hooks.js';
import { JwksRoute } from './http/jwks.route.js';
import type { Job } from './jobs/job.js';
import { Jobs } from './jobs/jobs.service.js';
import { Keyring } from './keys/keyring.js';
import { MailLocales } from './mail/mail-locales.js';
import { Outbox } from './mail/outbox.js';
import { OutboxEntry } from './mail/outbox-entry.entity.js';
import { MailRequests } from './mail/mail-requests.service.js';
import { OneTimeTokens } from './one-time-tokens/one-time-tokens.service.js';
import { AuthSettings } from './options/auth-settings.js';
import { BcryptPasswordHasher } from './passwords/bcrypt-password-hasher.js';
import { HashingQueue } from './passwords/hashing-queue.js';
import { NewPasswords } from './passwords/new-passwords.service.js';
import { PasswordChecks } from './passwords/password.checks.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { Passwords } from './passwords/passwords.service.js';
import { RoleGrants } from './roles/role-grants.js';
import { SessionCache } from './sessions/session-cache.js';
import { SessionCookie } from './sessions/session-cookie.js';
import { SessionLoader } from './sessions/session-loader.js';
import { SessionOpener } from './sessions/session-opener.js';
import { SessionRenewal } from './sessions/session-renewal.js';
import { Sessions } from './sessions/sessions.service.js';
import { VersionCleanup } from './sessions/version-cleanup.js';
import { PasswordRecord } from './sign-in/password-record.service.js';
import { PasswordSignIn } from './sign-in/password-sign-in.service.js';
import { SessionDelivery } from './sign-in/session-delivery.js';
import { SignInDelivery } from './sign-in/sign-in-delivery.js';
import { SignIn } from './sign-in/sign-in.service.js';
import { TokenDelivery } from './sign-in/token-delivery.js';
import { createStateStore } from './store/state-store.provider.js';
import { StateStore } from './store/state-store.js';
import { StoreLifecycle } from './store/store-lifecycle.js';
import { AccessTokens } from './tokens/access-tokens.service.js';
import { AuthorizationCodes } from './tokens/authorization-codes.js';
import { RefreshRotation } from './tokens/refresh-rotation.service.js';
import { RefreshTokens } from './tokens/refresh-tokens.js';
import { TokenChecks } from './tokens/token.checks.js';
import { TokenFamilies } from './tokens/token-families.service.js';
import { TokenIssuer } from './tokens/token-issuer.service.js';
import { TokenKeys } from './tokens/token-keys.js';
import { TokenPassport } from './tokens/token-passport.js';
import { TokenScopes } from './tokens/token-scopes.js';
import { ColumnLimits } from './users/column-limits.js';
import { MailAccounts } from './users/mail-accounts.service.js';
import { UserDirectory } from './users/user-directory.js';
import { UserEntityRules } from './users/user-entity-rules.js';
import { UserTable } from './users/user-table.js';

/** What no feature owns: every provider here can be replaced through `overrides`, by its token. */
export const KERNEL_PROVIDERS: readonly Provider[] = [
  { provide: Clock, useClass: SystemClock },
  { provide: StateStore, useFactory: createStateStore, inject: [AuthSettings, Clock] },
  StoreLifecycle,
  Keyring,
  CookieJar,
  Database,
  MysqlRules,
  SealedColumns,
  Jobs,
  AuthEvents,
  EventRecorder,
  AuthHooks,
  UserTable,
  MailAccounts,
  MailLocales,
  MailRequests,
  Outbox,
  OneTimeTokens,
  UserDirectory,
  UserEntityRules,
  ColumnLimits,
  { provide: UserLoader, useExisting: UserDirectory },
  RoleGrants,
  ...throttlerProviders,
  ClientAddresses,
  DeviceCookie,
  PasswordAttempts,
  RateLimits,
  MailLimits,
  { provide: RequestIdentity, useClass: PrincipalIdentity },
  { provide: PasswordHasher, useClass: BcryptPasswordHasher },
  HashingQueue,
  Passwords,
  PasswordPolicy,
  NewPasswords,
  SessionCookie,
  SessionLoader,
  VersionCleanup,
  SessionCache,
  SessionOpener,
  SessionRenewal,
  Sessions,
  TokenKeys,
  TokenPassport,
  AccessTokens,
  RefreshTokens,
  TokenFamilies,
  TokenScopes,
  TokenIssuer,
  RefreshRotation,
  AuthorizationCodes,
  RouteRules,
  CsrfProtection,
  CookieSessionReader,
  CookieRenewal,
  AccountScope,
  BearerTokenReader,
  { provide: SessionReader, useExisting: CookieSessionReader },
  Principals,
  HandshakeRules,
  SocketCredentials,
  RpcSeals,
  AuthContext,
  AuthContextMiddleware,
  AccessGuard,
  { provide: APP_GUARD, useFactory: sealedGuard, inject: [AccessGuard] },
  JwksRoute,
  SignIn,
  PasswordRecord,
  PasswordSignIn,
  SessionDelivery,
  TokenDelivery,
  SignInDelivery,
  Checklist,
  StartUpChecklist,
];

/** Jobs that no feature owns. */
export const KERNEL_JOBS: readonly Type<Job>[] = [];

/** Sealed columns that no feature owns. */
export const KERNEL_SEALED: readonly SealedColumn[] = [{ entity: OutboxEntry, column: 'sealed' }];

/** Checks that no feature owns. */
export const KERNEL_CHECKS: readonly Type<CheckSource>[] = [
  KeyChecks,
  AcceptedKeyChecks,
  SettingsChecks,
  StoreChecks,
  DatabaseChecks,
  PasswordChecks,
  AttemptChecks,
  TokenChecks,
  AccessChecks,
];

/** What the application may inject. */
export const KERNEL_EXPORTS: readonly InjectionToken[] = [
  Sessions,
  Principals,
  Checklist,
  AuthContext,
  AuthHooks,
  AuthEvents,
  Jobs,
  AccessGuard,
  HandshakeRules,
  SocketCredentials,
  StateStore,
  PasswordHasher,
  Clock,
];
