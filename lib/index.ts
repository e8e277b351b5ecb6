export { AuthModule } from './auth.module.js';
export { authEntities } from './auth-entities.js';
export { AuthUser } from './users/auth-user.entity.js';
export type { PublicUser } from './users/user-directory.js';
export type {
  AttemptOptions,
  AuditOptions,
  AuthAsyncOptions,
  AuthEnvironment,
  AuthOptions,
  AuthStructure,
  AuthValues,
  AuthValuesFactory,
  ChecklistOptions,
  CookieOptions,
  DatabaseOptions,
  EmailVerification,
  FieldSchema,
  HostCache,
  JobMode,
  PasswordOptions,
  PepperOptions,
  ProfileOptions,
  Protect,
  RateLimitOptions,
  RedisOptions,
  RegistrationOptions,
  RoleOptions,
  PassportOptions,
  RpcOptions,
  SessionOptions,
  UserColumns,
} from './options/auth-options.js';
export type { AcceptedSecret, AcceptedTokenKey, TokenOptions, TokenSigningKey } from './options/token-options.js';
export type { HttpOptions, CorsOptions, HstsOptions } from './options/http-options.js';
export type {
  AdministrationOptions,
  ApiKeyOptions,
  ImpersonationOptions,
  IpRuleOptions,
  ResourceTokenOptions,
} from './options/administration-options.js';
export type { PasskeyOptions, SecondFactorRequirement, TotpAlgorithm, TotpOptions } from './options/factor-options.js';
export { consoleMail, customMail, smtp, webhook } from './options/mail-options.js';
export type {
  LinkOptions,
  FactorChangeName,
  MailFacts,
  MailFrame,
  MailKind,
  MailLink,
  MailOccasion,
  MailOptions,
  MailTemplate,
  MailTemplateOptions,
  MailTemplates,
  RenderedMail,
  SmtpOptions,
  WebhookOptions,
} from './options/mail-options.js';
export {
  apple,
  discord,
  facebook,
  github,
  gitlab,
  google,
  microsoft,
  oauth2,
  oidc,
  type AppleOptions,
  type DiscordOptions,
  type FacebookOptions,
  type GithubOptions,
  type GitlabOptions,
  type GoogleOptions,
  type MicrosoftOptions,
  type OAuthOptions,
  type OAuthProfile,
  type OAuthProfileReader,
  type OAuthProvider,
  type OAuthProviderKind,
  type Oauth2Options,
  type OidcOptions,
} from './options/oauth-options.js';
export { Identities, type IdentityView } from './features/oauth/identities.service.js';
export type { ProviderTokens } from './features/oauth/exchanged.js';
export type { KeyPurpose } from './options/key-purposes.js';
export type { Duration } from './common/duration.js';
export { Clock } from './common/clock.js';
export { Html, html } from './common/html.js';
export { Principal, type CredentialKind } from './common/principal.js';
export { AuthError, type AuthErrorBody, type AuthErrorOptions, type FieldProblem } from './errors/auth-error.js';
export { AUTH_ERRORS, type AuthErrorCode } from './errors/error-codes.js';
export { StartUpError } from './errors/start-up-error.js';
export { Auth, DuringEnrolment, OptionalAuth, Public } from './access/auth.decorators.js';
export type { AuthRule } from './access/auth-rule.js';
export { AccessPolicy, type PolicyFunction } from './access/access-policy.js';
export { CurrentPrincipal, CurrentUser } from './access/principal.decorators.js';
export { AccessGuard } from './access/access.guard.js';
export { Principals } from './access/principals.js';
export { AuthContext } from './access/auth-context.js';
export {
  AuthHooks,
  type BeforeRegister,
  type BeforeSignIn,
  type ClaimsRequest,
  type JsonRecord,
} from './hooks/auth-hooks.js';
export { ClientAddresses } from './attempts/client-addresses.service.js';
export type { ClientInfo } from './common/client-address.js';
export type { ActedBy } from './accounts/acted-by.js';
export { Accounts } from './accounts/accounts.service.js';
export type { CreateAccount } from './accounts/account-creation.service.js';
export type { AccountEdit } from './accounts/account-edits.service.js';
export type {
  AccountDetails,
  AccountFilter,
  AccountPage,
  AccountQuery,
  AccountView,
  LockStatus,
} from './accounts/account-view.js';
export { RoleDirectory, type AssignedRole, type RoleView } from './roles/role-directory.service.js';
export {
  Administrators,
  type AdministratorOutcome,
  type NewAdministrator,
} from './features/accounts/administrators.service.js';
export { Tokens, type AuthorizationCodeRequest, type RefreshOptions } from './features/bearer/tokens.service.js';
export {
  ApiKeys,
  type ApiKeyChanges,
  type ApiKeyListOptions,
  type NewApiKey,
} from './features/api-keys/api-keys.service.js';
export type { ApiKeyActor } from './features/api-keys/api-key-rows.service.js';
export type { ApiKeyPage, ApiKeyView, CreatedApiKey } from './features/api-keys/api-key-view.js';
export {
  ResourceTokens,
  type ResourceLink,
  type ResourceLinkOptions,
} from './features/resource-tokens/resource-tokens.service.js';
export type { Introspection } from './features/bearer/token-introspection.service.js';
export type { TokenResponse } from './tokens/token-issuer.service.js';
export {
  Sessions,
  type EndedBy,
  type SessionListOptions,
  type SessionPage,
  type SessionView,
} from './sessions/sessions.service.js';
export { AuthEvents, type AuthEventListener } from './events/auth-events.js';
export type { AuthEvent, EventDetails, EventOutcome } from './events/auth-event.js';
export { AUTH_EVENTS, type AuthEventType } from './events/event-catalogue.js';
export { AuditTrail } from './features/administration/audit/audit-trail.service.js';
export type { AuditFilter, AuditQuery } from './features/administration/audit/audit-filter.js';
export type { AuditChainProblem, AuditChainProof } from './features/administration/audit/audit-proof.service.js';
export type { AuditSummary } from './features/administration/audit/audit-statistics.service.js';
export type { AuditEntry, AuditPage } from './features/administration/audit/audit-view.js';
export {
  IpRules,
  type IpRuleListOptions,
  type NewIpRule,
} from './features/administration/ip-rules/ip-rules.service.js';
export type { IpRulePage, IpRuleView } from './features/administration/ip-rules/ip-rule-view.js';
export type { IpRuleAction } from './ip-rules/ip-rule.entity.js';
export { AuthMetrics, type AuthCounter, type AuthTimer, type MetricLabels } from './events/auth-metrics.js';
export { Jobs } from './jobs/jobs.service.js';
export { Reseal } from './database/reseal.service.js';
export type { ResealOptions, ResealProgress, ResealReport, SealedCount } from './database/reseal-report.js';
export { Checklist } from './checklist/checklist.js';
export type { CheckArea, CheckSeverity, Evidence, EvidenceText } from './checklist/check.js';
export type { ChecklistCounts, ChecklistEntry, ChecklistReport } from './checklist/report.js';
export { MailOutcomeUnknown, MailRefused, MailTransport, type MailMessage } from './mail/mail-transport.js';
export { mailTransportOf } from './mail/transports/mail-transport-of.js';
export { PasswordHasher } from './passwords/password-hasher.js';
export { Argon2PasswordHasher } from './passwords/argon2-password-hasher.js';
export { BreachedPasswords } from './passwords/breached-passwords.js';
export { PwnedPasswords } from './passwords/pwned-passwords.js';
export { StateStore } from './store/state-store.js';
export type {
  AttemptBegin,
  AttemptBudget,
  AttemptEnd,
  AttemptOutcome,
  BucketBudget,
  ConsumeResult,
  LockoutBudget,
  RateLimit,
} from './store/state-store.js';
export { setupApiDocs, type ApiDocsOptions } from './hardening/api-docs.js';
export { fastifyOptions, type FastifyHardening } from './hardening/fastify-options.js';
export { harden } from './hardening/harden.js';
export { describeAuth, type DescribedDocument, type DescribedOperation } from './http/describe-auth.js';
