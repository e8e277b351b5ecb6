import type { KeyObject } from 'node:crypto';
import type { OAuthProfileReader, OAuthProviderKind } from './oauth-options.js';

/** What signs the client secret that Apple asks for. */
export interface AppleKeySettings {
  readonly teamId: string;
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/** Endpoints of a provider without discovery. */
export interface OAuthEndpoints {
  readonly authorization: string;
  readonly token: string;
  readonly userInfo: string;
  /** Of GitHub: the addresses, with whether they are verified. */
  readonly emails?: string;
}

/** One provider, every default applied. */
export interface OAuthProviderSettings {
  /** The name that stands in the address. */
  readonly name: string;
  readonly kind: OAuthProviderKind;
  /** What is discovered from, or what accounts of a plain OAuth 2 provider are kept under. */
  readonly issuer: string;
  /** `undefined`: OpenID Connect, by discovery. */
  readonly endpoints: OAuthEndpoints | undefined;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly appleKey: AppleKeySettings | undefined;
  /** `undefined`: what the provider's metadata allow, `basic` first. */
  readonly clientAuthentication: 'basic' | 'post' | undefined;
  readonly scopes: readonly string[];
  readonly authorizationParameters: Readonly<Record<string, string>>;
  readonly storeTokens: boolean;
  readonly emailsAreVerified: boolean;
  /** Of `oauth2`. */
  readonly profile: OAuthProfileReader | undefined;
}

export interface OAuthSettings {
  /** By name, without a prototype. */
  readonly providers: Readonly<Record<string, OAuthProviderSettings>>;
  readonly linkByVerifiedEmail: boolean;
  readonly registration: boolean;
  readonly nativeRedirects: readonly string[];
  readonly timeoutMs: number;
}
