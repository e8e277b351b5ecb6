import { Injectable } from '@nestjs/common';
import { isAwaited, type Awaitable } from '../common/awaitable.js';
import { Principal } from '../common/principal.js';
import { RoleGrants } from '../roles/role-grants.js';
import { SessionCache } from '../sessions/session-cache.js';
import type { AccessClaims } from '../tokens/access-claims.js';
import { AccessTokens } from '../tokens/access-tokens.service.js';
import { TokenScopes } from '../tokens/token-scopes.js';
import { sessionPrincipal } from './session-principal.js';

/** How far a bearer token is checked: by itself, or with the login session that it stands for. */
export type CheckDepth = 'signature' | 'session';

/** Who an access token is from. */
@Injectable()
export class BearerTokenReader {
  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly cache: SessionCache,
    private readonly scopes: TokenScopes,
    private readonly grants: RoleGrants,
  ) {}

  /**
   * `undefined` for a token that is not good. With `session` whatever was revoked, disabled or demoted is seen at once,
   * at one round trip; with `signature` nothing is asked of anybody, unless an administrator acts as the user: that ends at
   * once wherever it is ended.
   */
  read(token: string, depth: CheckDepth): Awaitable<Principal | undefined> {
    const claims = this.accessTokens.verify(token);
    return isAwaited(claims) ? claims.then((read) => this.judge(read, depth)) : this.judge(claims, depth);
  }

  private judge(claims: AccessClaims | undefined, depth: CheckDepth): Awaitable<Principal | undefined> {
    if (claims === undefined) return undefined;
    if (depth === 'signature' && claims.impersonatorId === null) return this.ofClaims(claims);
    return this.ofSession(claims);
  }

  private async ofSession(claims: AccessClaims): Promise<Principal | undefined> {
    const session = await this.cache.find(claims.userId, claims.sid);
    // A cookie session has no tokens: such a claim is none of ours.
    if (session === undefined || session.scopes === null) return undefined;
    const scopes = this.scopes.clamp(claims.scopes, undefined, session.roles);
    return sessionPrincipal(session, 'bearer', scopes, this.grants);
  }

  private ofClaims(claims: AccessClaims): Principal {
    const { userId, sessionId, roles, scopes, emailVerified, methods, authenticatedAt, freshUntil } = claims;
    return Principal.of({
      userId,
      via: 'bearer',
      sessionId,
      roles,
      permissions: this.grants.permissionsOf(roles),
      scopes,
      emailVerified,
      methods,
      authenticatedAt,
      freshUntil,
      expiresAt: claims.sessionExpiresAt,
      impersonatorId: claims.impersonatorId ?? undefined,
    });
  }
}
