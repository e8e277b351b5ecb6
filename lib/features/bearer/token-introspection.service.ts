import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { SECOND_MS } from '../../common/duration.js';
import type { Principal } from '../../common/principal.js';
import { AuthError } from '../../errors/auth-error.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { isWithinLife, type LiveSession } from '../../sessions/live-session.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { AccessTokens } from '../../tokens/access-tokens.service.js';
import { RefreshTokens } from '../../tokens/refresh-tokens.js';
import { TokenFamilies } from '../../tokens/token-families.service.js';
import { TokenScopes } from '../../tokens/token-scopes.js';

/** The scope with which a client may ask about the tokens of others. */
export const INTROSPECTION_SCOPE = 'token:introspect';

/** What is known of a token (RFC 7662 §2.2). Times in seconds. */
export type Introspection =
  | { readonly active: false }
  | {
      readonly active: true;
      readonly token_type?: 'Bearer';
      readonly sub: string;
      readonly scope: string;
      readonly iss: string;
      readonly aud: string;
      readonly client_id: string;
      readonly exp: number;
      readonly iat: number;
      readonly jti?: string;
      /** Whoever acts as `sub` (RFC 8693 §4.1). */
      readonly act?: { readonly sub: string };
    };

const INACTIVE: Introspection = { active: false };

/** Says what a token is good for at this moment, its session and the rights of its user included. */
@Injectable()
export class TokenIntrospection {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly families: TokenFamilies,
    private readonly cache: SessionCache,
    private readonly scopes: TokenScopes,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * As the caller may know it: about tokens of others only with the scope for it, asked for by bearer or API key. An API key
   * without the scope asks about none: `FORBIDDEN` (403).
   */
  async introspectFor(caller: Principal, token: string): Promise<Introspection> {
    if (caller.via === 'api-key' && !caller.hasScope(INTROSPECTION_SCOPE)) throw new AuthError('FORBIDDEN');
    const answer = await this.introspect(token);
    if (!answer.active || answer.sub === caller.userId) return answer;
    return caller.via !== 'session' && caller.hasScope(INTROSPECTION_SCOPE) ? answer : INACTIVE;
  }

  async introspect(token: string): Promise<Introspection> {
    const claims = await this.accessTokens.verify(token);
    if (claims === undefined) return this.introspectRefresh(token);
    const session = await this.liveFamily(claims.userId, claims.sid);
    if (session === undefined) return INACTIVE;
    return {
      active: true,
      token_type: 'Bearer',
      ...this.about(session, claims.scopes),
      exp: claims.expiresAt / SECOND_MS,
      iat: claims.issuedAt / SECOND_MS,
      jti: claims.jti,
    };
  }

  private async introspectRefresh(token: string): Promise<Introspection> {
    const reference = this.refreshTokens.read(token);
    const family = reference && (await this.families.read(reference));
    if (reference === undefined || family?.generation !== reference.generation) return INACTIVE;
    const session = await this.liveFamily(reference.userId, reference.sid);
    if (session === undefined) return INACTIVE;
    return {
      active: true,
      ...this.about(session, session.scopes ?? []),
      exp: Math.floor(Math.min(session.expiresAt, session.lastSeenAt + session.idleMs) / SECOND_MS),
      iat: Math.floor((family.rotatedAt ?? session.createdAt) / SECOND_MS),
    };
  }

  /** Asking about a token is no use of it. */
  private async liveFamily(userId: string, sid: string): Promise<LiveSession | undefined> {
    const session = await this.cache.find(userId, sid, { touch: false });
    return session !== undefined && session.scopes !== null && isWithinLife(session, this.clock.now())
      ? session
      : undefined;
  }

  private about({ userId, roles, impersonatorId }: LiveSession, scopes: readonly string[]) {
    const { issuer, audience } = this.settings.tokens;
    const scope = this.scopes.clamp(scopes, undefined, roles).join(' ');
    const known = { sub: userId, scope, iss: issuer, aud: audience, client_id: this.settings.appName };
    return impersonatorId === null ? known : { ...known, act: { sub: impersonatorId } };
  }
}
