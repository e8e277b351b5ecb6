import type { KeyObject } from 'node:crypto';
import type { KeyPurpose } from './key-purposes.js';
import type {
  AuthEnvironment,
  CookieOptions,
  EmailVerification,
  FieldSchema,
  HostCache,
  JobMode,
  PasswordOptions,
} from './auth-options.js';
import type { TotpAlgorithm } from './factor-options.js';
import type { LinkOptions, MailOptions, MailTemplates } from './mail-options.js';
import type { OAuthSettings } from './oauth-settings.js';

/**
 * The validated options: every default applied, every duration in milliseconds. Injectable; read-only. What the
 * application wrote stands in `AuthOptions`.
 */
export abstract class AuthSettings {
  abstract readonly environment: AuthEnvironment;
  abstract readonly secret: string;
  abstract readonly secrets: Readonly<Partial<Record<KeyPurpose, string>>>;
  abstract readonly acceptedSecrets: readonly AcceptedSecretSettings[];
  abstract readonly baseUrl: URL;
  /** Whether `baseUrl` is https: cookies are `Secure` and carry the `__Host-` prefix. */
  abstract readonly secure: boolean;
  abstract readonly appName: string;
  /** What links in mail are built from. */
  abstract readonly appUrl: URL;
  /** The pages that links in mail open. */
  abstract readonly links: Readonly<Record<keyof LinkOptions, URL>>;
  abstract readonly mail: MailSettings;
  abstract readonly mailTemplates: MailTemplateSettings;
  /** Serialised origins that may call with cookies, `baseUrl`'s own first. */
  abstract readonly origins: readonly string[];
  abstract readonly redis: RedisSettings | undefined;
  abstract readonly instances: number;
  abstract readonly trustedProxyHops: number;
  /** Whether the application said `trustedProxyHops` itself. */
  abstract readonly trustedProxyHopsSaid: boolean;
  abstract readonly sessions: SessionSettings;
  abstract readonly tokens: TokenSettings;
  abstract readonly cookies: Required<Pick<CookieOptions, 'sameSite' | 'xsrfCookie'>> & {
    readonly domain: string | undefined;
  };
  abstract readonly passwords: PasswordSettings;
  abstract readonly registration: RegistrationSettings;
  abstract readonly profile: { readonly fields: FieldSchema | undefined };
  abstract readonly emailVerification: EmailVerification;
  /** Who must have a second factor. */
  abstract readonly secondFactor: { readonly everybody: boolean; readonly roles: readonly string[] };
  abstract readonly totp: { readonly issuer: string; readonly algorithm: TotpAlgorithm };
  abstract readonly passkeys: { readonly rpId: string; readonly cap: number };
  abstract readonly oauth: OAuthSettings;
  abstract readonly identifiers: readonly string[];
  abstract readonly publicUserFields: readonly string[];
  abstract readonly roles: {
    readonly default: readonly string[];
    readonly grants: Readonly<Record<string, readonly string[]>>;
  };
  abstract readonly attempts: { readonly sharedAddresses: readonly string[] };
  abstract readonly rateLimits: { readonly multiplier: number };
  /** `fields`: what an administrator may set beside what Gatehouse knows. */
  abstract readonly administration: { readonly fields: FieldSchema | undefined };
  abstract readonly apiKeys: ApiKeySettings;
  abstract readonly impersonation: { readonly ttlMs: number };
  abstract readonly ipRules: { readonly mode: 'blocklist' | 'allowlist'; readonly exempt: readonly string[] };
  abstract readonly resourceTokens: { readonly ttlMs: number };
  abstract readonly http: HttpSettings;
  abstract readonly audit: { readonly retentionMs: number; readonly chain: boolean };
  abstract readonly jobs: JobMode;
  abstract readonly checklist: { readonly accept: Readonly<Record<string, string>> };
  abstract readonly database: { readonly timeoutMs: number };
  /** Set by `nestjs-gatehouse/testing` alone. */
  abstract readonly testing: boolean;
}

export interface ApiKeySettings {
  /** Follows `gk_` in every key. */
  readonly label: string;
  readonly ttlMs: number;
  readonly cap: number;
  /** Requests of one key in a minute. */
  readonly rateLimit: number;
}

/** What `harden(app)` sets up. */
export interface HttpSettings {
  /** `undefined`: no answer is for pages of other origins. */
  readonly cors: CorsSettings | undefined;
  /** `undefined`: off. Sent over https alone. */
  readonly hsts: HstsSettings | undefined;
  /** In lower case. */
  readonly hosts: readonly string[];
  readonly bodyLimitBytes: number;
  readonly pages: readonly string[];
  readonly apiDocs: boolean;
}

export interface CorsSettings {
  /** Serialised origins, those of the option `origins` among them. */
  readonly origins: readonly string[] | '*';
  readonly credentials: boolean;
  readonly exposedHeaders: readonly string[];
}

export interface HstsSettings {
  readonly maxAgeMs: number;
  readonly includeSubDomains: boolean;
  readonly preload: boolean;
}

export interface PasswordSettings extends Required<Omit<PasswordOptions, 'pepper'>> {
  readonly pepper: PepperSettings | undefined;
}

export interface PepperSettings {
  readonly current: string | undefined;
  readonly keys: Readonly<Record<string, string>>;
}

export interface MailSettings {
  readonly kind: MailOptions['kind'];
  /** Sender, with a display name where one was given. */
  readonly from: string;
  readonly replyTo: string | undefined;
  /** Of `smtp` and `webhook`. */
  readonly url: string | undefined;
  /** Of `webhook`. */
  readonly secret: string | undefined;
  readonly timeoutMs: number;
  /** PEM. */
  readonly ca: string | undefined;
}

export interface MailTemplateSettings {
  readonly defaultLocale: string;
  readonly locales: Readonly<Record<string, Partial<MailTemplates>>>;
}

export interface AcceptedSecretSettings {
  readonly secret: string;
  /** Epoch ms. */
  readonly notAfter: number | undefined;
  readonly use: 'all' | 'unseal';
}

export type SigningAlgorithm = 'RS256' | 'ES256' | 'EdDSA';

/** One key pair, or its public half, of access tokens. */
export interface TokenKeySettings {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicKey: KeyObject;
  /** Epoch ms. */
  readonly notAfter: number | undefined;
}

export interface TokenSettings {
  readonly accessTtlMs: number;
  readonly refreshIdleMs: number;
  readonly refreshAbsoluteMs: number;
  readonly refreshGraceMs: number;
  readonly checking: 'session' | 'signature';
  readonly issuer: string;
  readonly audience: string;
  readonly scopes: Readonly<Record<string, 'everyone' | readonly string[]>>;
  readonly signingKey: (TokenKeySettings & { readonly privateKey: KeyObject }) | undefined;
  readonly acceptedKeys: readonly TokenKeySettings[];
  /** Epoch ms after which a key pair is all that verifies; `undefined`: keys of the secret verify beside it. */
  readonly acceptSecretUntil: number | undefined;
}

export interface RedisSettings {
  readonly url: string | undefined;
  readonly cluster: readonly string[] | undefined;
  readonly cache: HostCache | undefined;
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs: number;
}

export interface SessionSettings {
  readonly idleMs: number;
  readonly absoluteMs: number;
  readonly rememberIdleMs: number;
  readonly rememberAbsoluteMs: number;
  readonly freshMs: number;
  readonly cap: number;
}

export interface RegistrationSettings {
  readonly enabled: boolean;
  readonly fields: FieldSchema | undefined;
  readonly newUserDefaults: Readonly<Record<string, unknown>>;
}
