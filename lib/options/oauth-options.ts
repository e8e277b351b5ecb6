import type { Duration } from '../common/duration.js';
import type { Env } from './env.js';

/** What a provider says of somebody, as an application reads it. */
export interface OAuthProfile {
  /** Names the account at the provider for ever: never an address or a name, which others may have later. */
  readonly subject: string | number;
  readonly email?: string | null | undefined;
  /** Whether the provider says that it has seen proof of the address. Default `false`. */
  readonly emailVerified?: boolean | undefined;
  /** Shown to the owner beside the linked account. */
  readonly name?: string | null | undefined;
}

/** Reads the answer of a user-info endpoint. What it throws fails the sign-in. */
export type OAuthProfileReader = (userInfo: Readonly<Record<string, unknown>>) => OAuthProfile;

interface ProviderClient {
  /** Id that the provider has given the application. Required. */
  readonly clientId: Env;
  /** Replaces what is asked for. Default: what names somebody, and the e-mail address. */
  readonly scopes?: readonly string[];
  /** Further parameters of the authorization request, such as `prompt` or `login_hint`. Default `{}`. */
  readonly authorizationParameters?: Readonly<Record<string, string>>;
  /** Keeps the provider's tokens, sealed, for `Identities.tokensOf`. Default `false`. */
  readonly storeTokens?: boolean;
  /** Takes every address of this provider for proven, although it does not say so. Default `false`. */
  readonly emailsAreVerified?: boolean;
}

interface SecretClient extends ProviderClient {
  /** Default: none, for a public client. */
  readonly clientSecret?: Env;
}

interface AuthenticatedClient extends SecretClient {
  /** How the secret is sent (OpenID Connect Core §9). Default `'basic'`, unless the provider's metadata rule it out. */
  readonly clientAuthentication?: 'basic' | 'post';
}

export type GoogleOptions = SecretClient;
export type DiscordOptions = SecretClient;
export type FacebookOptions = SecretClient;

export interface GithubOptions extends SecretClient {
  /** Of a GitHub Enterprise Server. Default `'https://github.com'`. */
  readonly url?: Env;
}

export interface GitlabOptions extends SecretClient {
  /** Of a GitLab of your own. Default `'https://gitlab.com'`. */
  readonly issuer?: Env;
}

export interface MicrosoftOptions extends SecretClient {
  /** `'common'`, `'organizations'`, `'consumers'`, or the id of a tenant. Default `'common'`. */
  readonly tenant?: Env;
}

export interface AppleOptions extends ProviderClient {
  /** Ten characters, from the developer account. Required. */
  readonly teamId: Env;
  /** Of the key below. Required. */
  readonly keyId: Env;
  /** The `.p8` file: a P-256 key as PEM. The client secret is signed with it at each use. Required. */
  readonly privateKey: Env;
}

export interface OidcOptions extends AuthenticatedClient {
  /** Issuer whose metadata are at `/.well-known/openid-configuration` below it. https outside loopback. Required. */
  readonly issuer: Env;
}

export interface Oauth2Options extends AuthenticatedClient {
  /** https outside loopback, as the next two. Required. */
  readonly authorizationUrl: Env;
  readonly tokenUrl: Env;
  /** Answers JSON to a `GET` with the access token. Required. */
  readonly userInfoUrl: Env;
  /** What `iss` of its answers is (RFC 9207), and what its accounts are kept under. Default: `authorizationUrl`. */
  readonly issuer?: Env;
  /** Reads what `userInfoUrl` answers. Required. */
  readonly profile: OAuthProfileReader;
}

/** A provider to sign in with. Made by {@link google}, {@link oidc}, {@link oauth2} and the other makers. */
export type OAuthProvider =
  | ({ readonly kind: 'google' } & GoogleOptions)
  | ({ readonly kind: 'github' } & GithubOptions)
  | ({ readonly kind: 'microsoft' } & MicrosoftOptions)
  | ({ readonly kind: 'apple' } & AppleOptions)
  | ({ readonly kind: 'gitlab' } & GitlabOptions)
  | ({ readonly kind: 'discord' } & DiscordOptions)
  | ({ readonly kind: 'facebook' } & FacebookOptions)
  | ({ readonly kind: 'oidc' } & OidcOptions)
  | ({ readonly kind: 'oauth2' } & Oauth2Options);

export type OAuthProviderKind = OAuthProvider['kind'];

export interface OAuthOptions {
  /** By the name that stands in the address: `a-z`, `0-9` and `-`. Needs the package `openid-client`. Default `{}`. */
  readonly providers?: Readonly<Record<string, OAuthProvider>>;
  /**
   * Whether somebody whose address the provider has verified is let into the account that has proven the same address.
   * Default `false`: the owner signs in and links.
   */
  readonly linkByVerifiedEmail?: boolean;
  /** Whether strangers get an account at their first sign-in. Default: `registration.enabled`. */
  readonly registration?: boolean;
  /** Where native applications are sent back to: `com.example.app:/callback`, or `http://127.0.0.1/callback` with any port. */
  readonly nativeRedirects?: readonly string[];
  /** For everything that a sign-in asks the provider. Default `'10s'`. */
  readonly timeout?: Duration;
}

/** Google accounts. */
export function google(options: GoogleOptions): OAuthProvider {
  return { kind: 'google', ...options };
}

/** GitHub accounts, and those of a GitHub Enterprise Server. */
export function github(options: GithubOptions): OAuthProvider {
  return { kind: 'github', ...options };
}

/** Microsoft accounts, personal or of organizations. Their addresses count as unverified unless Microsoft vouches for the domain. */
export function microsoft(options: MicrosoftOptions): OAuthProvider {
  return { kind: 'microsoft', ...options };
}

/** Apple accounts. */
export function apple(options: AppleOptions): OAuthProvider {
  return { kind: 'apple', ...options };
}

/** GitLab accounts. */
export function gitlab(options: GitlabOptions): OAuthProvider {
  return { kind: 'gitlab', ...options };
}

/** Discord accounts. */
export function discord(options: DiscordOptions): OAuthProvider {
  return { kind: 'discord', ...options };
}

/** Facebook accounts. Facebook does not say whether it has verified an address. */
export function facebook(options: FacebookOptions): OAuthProvider {
  return { kind: 'facebook', ...options };
}

/** Any OpenID Connect provider, found by discovery. */
export function oidc(options: OidcOptions): OAuthProvider {
  return { kind: 'oidc', ...options };
}

/** A plain OAuth 2 provider, known by three URLs. One that issues ID tokens is an {@link oidc} one. */
export function oauth2(options: Oauth2Options): OAuthProvider {
  return { kind: 'oauth2', ...options };
}
