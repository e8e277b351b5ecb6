import type { Duration } from '../common/duration.js';
import type { Env } from './env.js';

/** A secret that still verifies and opens what it made, but signs and seals nothing any more, or not yet. */
export interface AcceptedSecret {
  readonly secret: Env;
  /**
   * Moment (ISO 8601, with its zone) after which nothing signed under the secret verifies. Sealed text opens whatever it
   * says. Default: never.
   */
  readonly notAfter?: Env;
  /** `'unseal'` opens sealed text and verifies nothing: for a secret that has leaked. Default `'all'`. */
  readonly use?: 'all' | 'unseal';
}

/** The key pair that signs access tokens. */
export interface TokenSigningKey {
  /** PEM (PKCS #8): RSA of at least 2048 bits (RS256), P-256 (ES256) or Ed25519 (EdDSA). */
  readonly privateKey: Env;
  /** Default: the JWK thumbprint of the public key (RFC 7638), the same on every node. */
  readonly kid?: Env;
}

/** A key whose tokens verify: one that signed before, or one that is going to. */
export interface AcceptedTokenKey {
  /** PEM (SPKI). */
  readonly publicKey: Env;
  /** Default: the JWK thumbprint of the key (RFC 7638). */
  readonly kid?: Env;
  /** Moment (ISO 8601, with its zone) after which its tokens are refused and it is no longer published. Default: never. */
  readonly notAfter?: Env;
}

export interface TokenOptions {
  /** Life of an access token. Default `'15m'`; `'1m'` to `'24h'`. */
  readonly accessTtl?: Duration;
  /** Time without a refresh or request after which a token session ends. Default `'14d'`. */
  readonly refreshIdle?: Duration;
  /** Longest life of a token session. Default `'30d'`. */
  readonly refreshAbsolute?: Duration;
  /**
   * How long the refresh token before the current one still answers with the current one. Default `'30s'`; at most
   * `'60s'`.
   */
  readonly refreshGrace?: Duration;
  /**
   * What a bearer request checks. `'session'`: signature and login session, so that a revocation is seen by the next
   * request. `'signature'`: nothing but the token, without I/O; a revocation is seen when the token expires. Default
   * `'session'`.
   */
  readonly checking?: 'session' | 'signature';
  /** `iss` of access tokens. Default: `baseUrl`. */
  readonly issuer?: Env;
  /** `aud` of access tokens: the API that they are for. Default: `baseUrl`. */
  readonly audience?: Env;
  /** Scopes and who may be granted them: `'everyone'`, or holders of any one of these roles. Default `{}`: none. */
  readonly scopes?: Readonly<Record<string, 'everyone' | readonly string[]>>;
  /**
   * Signs access tokens. Default: HS256 under a key derived from `secret`, for applications that verify their own tokens
   * alone.
   */
  readonly signingKey?: TokenSigningKey;
  /** Default `[]`. */
  readonly acceptedKeys?: readonly AcceptedTokenKey[];
  /**
   * With `signingKey`: moment (ISO 8601, with its zone) after which tokens that were signed under `secret` before are
   * refused. Default: never, which is a finding.
   */
  readonly acceptSecretUntil?: Env;
}
