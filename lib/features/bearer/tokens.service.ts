import { Injectable } from '@nestjs/common';
import { BearerTokenReader } from '../../access/bearer-token-reader.js';
import type { ClientInfo } from '../../common/client-address.js';
import type { Principal } from '../../common/principal.js';
import { AuthError } from '../../errors/auth-error.js';
import { Sessions } from '../../sessions/sessions.service.js';
import { AccessTokens } from '../../tokens/access-tokens.service.js';
import { AuthorizationCodes } from '../../tokens/authorization-codes.js';
import { RefreshRotation } from '../../tokens/refresh-rotation.service.js';
import { RefreshTokens } from '../../tokens/refresh-tokens.js';
import { TokenScopes } from '../../tokens/token-scopes.js';
import type { TokenResponse } from '../../tokens/token-issuer.service.js';
import { UserDirectory } from '../../users/user-directory.js';
import { TokenIntrospection, type Introspection } from './token-introspection.service.js';

export interface RefreshOptions {
  /** Scopes of the new access token, separated by spaces. Default: those that were granted. */
  readonly scope?: string;
  /** Of whoever presents the token. Default: unknown. */
  readonly client?: ClientInfo;
}

export interface AuthorizationCodeRequest {
  /** Base64url of the SHA-256 of the verifier that the application keeps (RFC 7636 §4.2). */
  readonly codeChallenge: string;
  /** Scopes that are asked for, separated by spaces. Default: all that may be granted. */
  readonly scope?: string;
}

const NOBODY: ClientInfo = { address: '', userAgent: '' };

/** Access and refresh tokens, for the application's own code: what the endpoints below `/token` do. */
@Injectable()
export class Tokens {
  constructor(
    private readonly rotation: RefreshRotation,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly introspection: TokenIntrospection,
    private readonly reader: BearerTokenReader,
    private readonly codes: AuthorizationCodes,
    private readonly scopes: TokenScopes,
    private readonly sessions: Sessions,
    private readonly users: UserDirectory,
  ) {}

  /** Throws `INVALID_REFRESH_TOKEN`, `REFRESH_TOKEN_REUSED` (401), `SIGN_IN_REFUSED` (403), `RATE_LIMITED` (429). */
  refresh(refreshToken: string, { scope, client = NOBODY }: RefreshOptions = {}): Promise<TokenResponse> {
    return this.rotation.refresh({ refreshToken, scope, client });
  }

  /** Who an access token is from, its login session checked; `undefined` for one that is not good. */
  async verify(accessToken: string): Promise<Principal | undefined> {
    return this.reader.read(accessToken, 'session');
  }

  /** Ends the session behind an access or refresh token, spent and expired ones included (RFC 7009 §2.1). */
  async revoke(token: string, { client }: Pick<RefreshOptions, 'client'> = {}): Promise<void> {
    const named = this.refreshTokens.read(token) ?? (await this.accessTokens.verifyExpired(token));
    if (named === undefined) return;
    const end = { actorId: named.userId, client, details: { reason: 'token-revoked' } };
    await this.sessions.revokeBySid(named.userId, named.sid, { type: 'session.revoked', ...end });
  }

  /** What a token is good for at this moment (RFC 7662). */
  introspect(token: string): Promise<Introspection> {
    return this.introspection.introspect(token);
  }

  /**
   * A one-time code with which an application begins a session of its own for a user who is signed in here, within a
   * minute, by `grant_type=authorization_code`. The new session is no fresher than this one, has no scope that a bearer
   * token here lacks, and ends with nothing but itself. Throws `VALIDATION_FAILED` (400) for a challenge that is not S256
   * and for a scope that the token lacks, `FORBIDDEN` (403) for an impersonator and for a token that lacks every scope.
   */
  async authorizationCode(who: Principal, { codeChallenge, scope }: AuthorizationCodeRequest): Promise<string> {
    if (who.impersonatorId !== undefined) throw new AuthError('FORBIDDEN');
    const asked = this.within(who, scope);
    const grant = {
      userId: who.userId,
      epoch: await this.users.epochOf(who.userId),
      sessionId: who.sessionId,
      methods: who.methods,
      authenticatedAt: who.authenticatedAt.getTime(),
      freshUntil: who.freshUntil.getTime(),
      ...(asked === undefined ? {} : { scope: asked }),
    };
    return this.codes.issue(grant, codeChallenge);
  }

  /** What may be asked for by a holder of these scopes; `undefined`: all that may be granted. */
  private within({ scopes, roles }: Principal, requested: string | undefined): string | undefined {
    if (scopes === undefined) return requested;
    const kept = this.scopes.clamp(scopes, requested, roles);
    if (kept.length === 0 && this.scopes.grantable(roles).length > 0) throw new AuthError('FORBIDDEN');
    return kept.join(' ');
  }
}
