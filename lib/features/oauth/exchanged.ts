import type { ProviderIdentity } from './profiles.js';

/** Tokens of a provider, for applications that keep them. */
export interface ProviderTokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** As the provider granted it. */
  readonly scope: string | undefined;
  /** Epoch ms. */
  readonly expiresAt: number | undefined;
}

/** What a code was exchanged for. */
export interface Exchanged {
  readonly identity: ProviderIdentity;
  readonly tokens: ProviderTokens;
  /** Epoch ms at which the user has proven who it is there (`auth_time`); `undefined`: the provider does not say. */
  readonly authenticatedAt: number | undefined;
}
