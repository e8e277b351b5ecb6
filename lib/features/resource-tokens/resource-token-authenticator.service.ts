import { Injectable } from '@nestjs/common';
import type { AuthRequest } from '../../access/credential-source.js';
import { ResourceTokenReader } from '../../access/resource-token-reader.js';
import { sessionPrincipal } from '../../access/session-principal.js';
import { Clock } from '../../common/clock.js';
import type { Principal } from '../../common/principal.js';
import { RoleGrants } from '../../roles/role-grants.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { requestTarget, TOKEN_PARAMETER } from './resource-path.js';
import { ResourceTokenText } from './resource-token-text.js';

const METHODS: readonly unknown[] = ['GET', 'HEAD'];

/** Who a link is from: its signature over the path that was asked for, then the session that it was made in. */
@Injectable()
export class ResourceTokenAuthenticator extends ResourceTokenReader {
  constructor(
    private readonly text: ResourceTokenText,
    private readonly cache: SessionCache,
    private readonly grants: RoleGrants,
    private readonly clock: Clock,
  ) {
    super();
  }

  override presented(request: AuthRequest): string | undefined {
    if (!METHODS.includes(request.method)) return undefined;
    const tokens = new URLSearchParams(requestTarget(request).query).getAll(TOKEN_PARAMETER);
    // Several are none that is good.
    return tokens.length > 1 ? '' : tokens[0];
  }

  override async read(token: string, request: AuthRequest): Promise<Principal | undefined> {
    const claims = this.text.verify(token, requestTarget(request).path);
    if (claims === undefined || claims.expiresAt <= this.clock.now()) return undefined;
    // A link may have been passed on: following it keeps no session alive.
    const session = await this.cache.find(claims.userId, claims.sid, { touch: false });
    if (session === undefined) return undefined;
    return sessionPrincipal({ ...session, freshUntil: 0, expiresAt: claims.expiresAt }, 'resource', [], this.grants);
  }
}
