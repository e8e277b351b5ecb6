import type { InjectionToken, Provider, Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessChecks } from './access/access.checks.js';
import { AccessGuard } from './access/access.guard.js';
import { AccessRefusals } from './access/access-refusals.js';
import { AdministrationChecks } from './access/administration.checks.js';
import { AdministratorRoles } from './access/administrator-roles.query.js';
import { DefaultPasswordChecks } from './access/default-password.checks.js';
import { AddressCheck } from './access/address-check.js';
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
import { SecondFactorChecks } from './access/second-factor.checks.js';
import { sealedGuard } from './access/sealed-guard.js';
import { SocketCredentials } from './access/socket-credentials.service.js';
import { StepUpMethods } from './access/step-up-methods.js';
import { StepUp } from './access/step-up.service.js';
import { UserLoader } from './access/user-loader.js';
import { AttemptChecks } from './attempts/attempt.checks.js';
import { ClientAddresses } from './attempts/client-addresses.service.js';
import { DeviceCookie } from './attempts/device-cookie.js';
import { LimitRefusals } from './attempts/limit-refusals.js';
import { MailLimits } from './attempts/mail-limits.service.js';
import { PasswordAttempts } from './attempts/password-attempts.service.js';
import { RateLimits } from './attempts/rate-limits.service.js';
import { ReauthenticationAttempts } from './attempts/reauthentication-attempts.service.js';
import { RequestIdentity } from './attempts/request-identity.js';
import { throttlerProviders } from './attempts/throttler.providers.js';
import type { SealedColumn } from './database/sealed-columns.js';
import type { CheckSource } from './checklist/check.js';
import { AcceptedKeyChecks } from './checklist/accepted-key.checks.js';
import { Checklist } from './checklist/checklist.js';
import { CookieChecks } from './checklist/cookie.checks.js';
import { DatabaseStateChecks } from './checklist/database-state.checks.js';
import { KeyChecks } from './checklist/key.checks.js';
import { SettingsChecks } from './checklist/settings.checks.js';
import { START_UP_RULES, type StartUpRule } from './checklist/start-up-rules.js';
import { StartUpChecklist } from './checklist/start-up.js';
import { StoreChecks } from './checklist/store.checks.js';
import { StoreProofChecks } from './checklist/store-proof.checks.js';
import { AccountChanges } from './accounts/account-changes.service.js';
import { AccountCreation } from './accounts/account-creation.service.js';
import { AccountDeletion } from './accounts/account-deletion.service.js';
import { AccountEdits } from './accounts/account-edits.service.js';
import { AccountList } from './accounts/account-list.service.js';
import { AccountOrders } from './accounts/account-orders.service.js';
import { AccountViews } from './accounts/account-views.service.js';
import { Accounts } from './accounts/accounts.service.js';
import { AdministratorRule } from './accounts/administrator-rule.service.js';
import { ExtraFields } from './accounts/extra-fields.js';
import { PendingLetters } from './accounts/pending-letters.service.js';
import { Clock, SystemClock } from './common/clock.js';
import { DAY_MS } from './common/duration.js';
import { CookieJar } from './cookies/cookie-jar.js';
import { Database } from './database/database.js';
import { MysqlRules } from './database/mysql-rules.js';
import { Reseal } from './database/reseal.service.js';
import { SealedColumns } from './database/sealed-columns.js';
import { DatabaseChecks } from './checklist/database.checks.js';
import { AuditRetentionJob } from './events/audit-retention.job.js';
import { AuditChecks } from './events/audit.checks.js';
import { AuthEvents } from './events/auth-events.js';
import { AuthMetrics } from './events/auth-metrics.js';
import { EventLog } from './events/event-log.js';
import { EventMetrics } from './events/event-metrics.js';
import { EventRecorder } from './events/event-recorder.js';
import { RequestTraces } from './events/request-traces.service.js';
import { HostEventBridge } from './events/host-event-bridge.js';
import { Metrics } from './events/metrics.service.js';
import { AuthHooks } from './hooks/auth-hooks.js';
import { AddressGate } from './ip-rules/address-gate.js';
import { Hardening } from './hardening/hardening.service.js';
import { HardeningChecks } from './hardening/hardening.checks.js';
import { JwksRoute } from './http/jwks.route.js';
import { CleanUpJob, type Remains } from './jobs/clean-up.job.js';
import type { Job } from './jobs/job.js';
import { JobClaims } from './jobs/job-claims.js';
import { Jobs } from './jobs/jobs.service.js';
import { RowSweeper } from './jobs/row-sweeper.js';
import { Keyring } from './keys/keyring.js';
import { MailChecks } from './mail/mail.checks.js';
import { MailComposers } from './mail/mail-composers.js';
import { MailDelivery } from './mail/mail-delivery.service.js';
import { MailLocales } from './mail/mail-locales.js';
import { MailRenderer } from './mail/mail-renderer.js';
import { MailRequests } from './mail/mail-requests.service.js';
import { MailTransport } from './mail/mail-transport.js';
import { letterPlace, Outbox } from './mail/outbox.js';
import { OutboxEntry } from './mail/outbox-entry.entity.js';
import { OutboxJob } from './mail/outbox.job.js';
import { OutboxQueue } from './mail/outbox-queue.js';
import { OutboxWake } from './mail/outbox-wake.js';
import { createMailTransport } from './mail/transports/create-mail-transport.js';
import { BrowserBinding } from './cookies/browser-binding.js';
import { CodeLetters } from './mailed-codes/code-letters.service.js';
import { CodePlaces } from './mailed-codes/code-places.service.js';
import { CodeRefusals } from './mailed-codes/code-refusals.service.js';
import { CodeUses } from './mailed-codes/code-uses.service.js';
import { MailedCodes } from './mailed-codes/mailed-codes.service.js';
import { ProvenAddresses } from './mailed-codes/proven-addresses.service.js';
import { OneTimeToken } from './one-time-tokens/one-time-token.entity.js';
import { OneTimeTokens } from './one-time-tokens/one-time-tokens.service.js';
import { AuthSettings } from './options/auth-settings.js';
import { BcryptPasswordHasher } from './passwords/bcrypt-password-hasher.js';
import { BreachLookUp } from './passwords/breach-look-up.service.js';
import { BreachedPasswords, NoBreachedPasswords } from './passwords/breached-passwords.js';
import { HashingQueue } from './passwords/hashing-queue.js';
import { HashTimeChecks } from './passwords/hash-time.checks.js';
import { NewPasswords } from './passwords/new-passwords.service.js';
import { PasswordChecks } from './passwords/password.checks.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordHistory } from './passwords/password-history.service.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { Passwords } from './passwords/passwords.service.js';
import { StoredPasswords } from './passwords/stored-passwords.service.js';
import { UserWriter } from './registration/user-writer.service.js';
import { RoleDirectory } from './roles/role-directory.service.js';
import { RoleGrants } from './roles/role-grants.js';
import { FactorAttempts } from './second-factors/factor-attempts.service.js';
import { FactorChanges } from './second-factors/factor-changes.service.js';
import { PendingSignIns } from './second-factors/pending-sign-ins.service.js';
import { RecoveryCodes } from './second-factors/recovery-codes.service.js';
import { SecondFactors } from './second-factors/second-factors.service.js';
import { ImpersonatedSessions } from './sessions/impersonated-sessions.service.js';
import { Impersonators } from './sessions/impersonators.service.js';
import { LoginSession } from './sessions/login-session.entity.js';
import { SessionCache } from './sessions/session-cache.js';
import { SessionCookie } from './sessions/session-cookie.js';
import { SessionChecks } from './sessions/session.checks.js';
import { SessionLoader } from './sessions/session-loader.js';
import { SessionOpener } from './sessions/session-opener.js';
import { SessionRenewal } from './sessions/session-renewal.js';
import { Sessions } from './sessions/sessions.service.js';
import { VersionCleanup } from './sessions/version-cleanup.js';
import { CurrentPassword } from './sign-in/current-password.service.js';
import { PasswordFailures } from './sign-in/password-failures.js';
import { PasswordRecord } from './sign-in/password-record.service.js';
import { PasswordSignIn } from './sign-in/password-sign-in.service.js';
import { SessionDelivery } from './sign-in/session-delivery.js';
import { SignInDelivery } from './sign-in/sign-in-delivery.js';
import { SignInRecord } from './sign-in/sign-in-record.js';
import { SignIn } from './sign-in/sign-in.service.js';
import { TokenDelivery } from './sign-in/token-delivery.js';
import { createStateStore } from './store/state-store.provider.js';
import { StateStore } from './store/state-store.js';
import { StoreLifecycle } from './store/store-lifecycle.js';
import { AccessTokens } from './tokens/access-tokens.service.js';
import { AuthorizationCodes } from './tokens/authorization-codes.js';
import { RefreshRecord } from './tokens/refresh-record.js';
import { RefreshRotation } from './tokens/refresh-rotation.service.js';
import { RefreshTokens } from './tokens/refresh-tokens.js';
import { TokenChecks } from './tokens/token.checks.js';
import { TokenFamilies } from './tokens/token-families.service.js';
import { TokenIssuer } from './tokens/token-issuer.service.js';
import { TokenKeys } from './tokens/token-keys.js';
import { TokenPassport } from './tokens/token-passport.js';
import { TokenScopes } from './tokens/token-scopes.js';
import { Addresses } from './users/addresses.service.js';
import { ColumnLimits } from './users/column-limits.js';
import { Credentials } from './users/credentials.service.js';
import { MailAccounts } from './users/mail-accounts.service.js';
import { OwnColumns } from './users/own-columns.service.js';
import { OwnedRows } from './users/owned-rows.service.js';
import { UnprovenFields } from './users/unproven-fields.service.js';
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
  Reseal,
  JobClaims,
  RowSweeper,
  Jobs,
  AuthMetrics,
  Metrics,
  AuthEvents,
  EventRecorder,
  RequestTraces,
  EventLog,
  EventMetrics,
  HostEventBridge,
  AuthHooks,
  UserTable,
  OwnColumns,
  OwnedRows,
  UnprovenFields,
  Addresses,
  MailAccounts,
  MailLocales,
  MailRequests,
  Outbox,
  { provide: MailTransport, useFactory: createMailTransport, inject: [AuthSettings, Clock] },
  MailComposers,
  MailRenderer,
  OutboxQueue,
  MailDelivery,
  OutboxWake,
  OneTimeTokens,
  MailedCodes,
  CodePlaces,
  CodeRefusals,
  CodeLetters,
  CodeUses,
  ProvenAddresses,
  BrowserBinding,
  Credentials,
  UserDirectory,
  UserEntityRules,
  ColumnLimits,
  { provide: UserLoader, useExisting: UserDirectory },
  RoleGrants,
  ...throttlerProviders,
  ClientAddresses,
  DeviceCookie,
  PasswordAttempts,
  ReauthenticationAttempts,
  RateLimits,
  MailLimits,
  LimitRefusals,
  { provide: RequestIdentity, useClass: PrincipalIdentity },
  { provide: PasswordHasher, useClass: BcryptPasswordHasher },
  HashingQueue,
  Passwords,
  StoredPasswords,
  PasswordPolicy,
  PasswordHistory,
  { provide: BreachedPasswords, useClass: NoBreachedPasswords },
  BreachLookUp,
  NewPasswords,
  SessionCookie,
  Impersonators,
  SessionLoader,
  VersionCleanup,
  SessionCache,
  SessionOpener,
  SessionRenewal,
  ImpersonatedSessions,
  Sessions,
  TokenKeys,
  TokenPassport,
  AccessTokens,
  RefreshTokens,
  TokenFamilies,
  TokenScopes,
  TokenIssuer,
  RefreshRecord,
  RefreshRotation,
  AuthorizationCodes,
  UserWriter,
  SecondFactors,
  PendingSignIns,
  FactorAttempts,
  FactorChanges,
  RecoveryCodes,
  RouteRules,
  AdministratorRoles,
  CsrfProtection,
  CookieSessionReader,
  CookieRenewal,
  AccountScope,
  BearerTokenReader,
  { provide: SessionReader, useExisting: CookieSessionReader },
  Principals,
  StepUpMethods,
  StepUp,
  HandshakeRules,
  SocketCredentials,
  RpcSeals,
  AuthContext,
  AuthContextMiddleware,
  AddressGate,
  AddressCheck,
  AccessRefusals,
  AccessGuard,
  { provide: APP_GUARD, useFactory: sealedGuard, inject: [AccessGuard] },
  JwksRoute,
  Hardening,
  SignInRecord,
  SignIn,
  CurrentPassword,
  PasswordFailures,
  PasswordRecord,
  PasswordSignIn,
  SessionDelivery,
  TokenDelivery,
  SignInDelivery,
  RoleDirectory,
  AdministratorRule,
  AccountChanges,
  AccountCreation,
  AccountDeletion,
  AccountEdits,
  AccountOrders,
  AccountViews,
  AccountList,
  ExtraFields,
  PendingLetters,
  Accounts,
  Checklist,
  StartUpChecklist,
  {
    provide: START_UP_RULES,
    useFactory: (
      routes: RouteRules,
      users: UserEntityRules,
      sealed: SealedColumns,
      stored: StoredPasswords,
    ): readonly StartUpRule[] => [
      { title: 'rules of routes', asks: false, run: () => routes.onModuleInit() },
      { title: 'the user entity', asks: true, run: () => users.onModuleInit() },
      { title: 'sealed columns', asks: true, run: () => sealed.onModuleInit() },
      { title: 'stored passwords', asks: true, run: () => stored.onModuleInit() },
      { title: 'the column of passwords', asks: true, run: () => stored.onApplicationBootstrap() },
    ],
    inject: [RouteRules, UserEntityRules, SealedColumns, StoredPasswords],
  },
];

/** Jobs that no feature owns. */
export const KERNEL_JOBS: readonly Type<Job>[] = [OutboxJob, CleanUpJob, AuditRetentionJob];

/** What is kept of things that are over, such as for a token that is tried again. */
export const KERNEL_REMAINS: readonly Remains[] = [
  // Each by an index of its own. What has idled out, which no index finds, goes when its absolute end is as long ago.
  // SQLite counts those that are NULL as smaller when it looks whether the index is worth it.
  { entity: LoginSession, key: 'id', over: 'r.revokedAt > 0 AND r.revokedAt < :before', keptMs: 7 * DAY_MS },
  { entity: LoginSession, key: 'id', over: 'r.expiresAt < :before', keptMs: 7 * DAY_MS },
  // By what is new in every token: the row of an account and purpose is used again.
  { entity: OneTimeToken, key: 'tokenId', over: '(r.usedAt < :before OR r.expiresAt < :before)', keptMs: 7 * DAY_MS },
  { entity: OutboxEntry, key: 'id', over: 'r.doneAt < :before', keptMs: DAY_MS },
];

/** Sealed columns that no feature owns. */
export const KERNEL_SEALED: readonly SealedColumn[] = [{ entity: OutboxEntry, column: 'sealed', place: letterPlace }];

/** Checks that no feature owns. */
export const KERNEL_CHECKS: readonly Type<CheckSource>[] = [
  KeyChecks,
  AcceptedKeyChecks,
  SettingsChecks,
  HardeningChecks,
  StoreChecks,
  StoreProofChecks,
  DatabaseChecks,
  DatabaseStateChecks,
  CookieChecks,
  SessionChecks,
  PasswordChecks,
  HashTimeChecks,
  AttemptChecks,
  AuditChecks,
  TokenChecks,
  MailChecks,
  AccessChecks,
  AdministrationChecks,
  DefaultPasswordChecks,
  SecondFactorChecks,
];

/** What the application may inject. */
export const KERNEL_EXPORTS: readonly InjectionToken[] = [
  Accounts,
  RoleDirectory,
  Sessions,
  Principals,
  Checklist,
  AuthContext,
  AuthHooks,
  AuthEvents,
  AuthMetrics,
  Jobs,
  Reseal,
  AccessGuard,
  ClientAddresses,
  HandshakeRules,
  SocketCredentials,
  StateStore,
  PasswordHasher,
  MailTransport,
  Clock,
];
