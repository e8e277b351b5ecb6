import { Injectable } from '@nestjs/common';
import type { TokenSubject } from './access-claims.js';
import { AccessTokens } from './access-tokens.service.js';
import { RefreshTokens } from './refresh-tokens.js';

/** A successful token response (RFC 6749 §5.1). */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token: string;
  /** Separated by spaces; empty when none was granted. */
  readonly scope: string;
}

/** An access token that has been signed and waits for its refresh token. */
export interface SignedPair {
  /** The response, once it is known which generation the refresh token has. */
  withGeneration(generation: number): TokenResponse;
}

/** Makes token responses. */
@Injectable()
export class TokenIssuer {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
  ) {}

  /** Everything slow, the application's `claims` hook included, is done before a generation is claimed. */
  async sign(subject: TokenSubject, scopes: readonly string[]): Promise<SignedPair> {
    const { token, expiresIn } = await this.accessTokens.sign(subject, scopes);
    return {
      withGeneration: (generation) => ({
        access_token: token,
        token_type: 'Bearer',
        expires_in: expiresIn,
        refresh_token: this.refreshTokens.write({ ...subject, generation }),
        scope: scopes.join(' '),
      }),
    };
  }
}
