import { Injectable } from '@nestjs/common';
import type { AuthRequest } from '../../access/credential-source.js';
import type { ClientInfo } from '../../common/client-address.js';
import { CsrfProtection } from '../../access/csrf-protection.js';
import { SessionLoader } from '../../sessions/session-loader.js';
import type { SessionReference } from '../../sessions/session-cookie.js';
import { Sessions } from '../../sessions/sessions.service.js';
import { AccessTokens } from '../../tokens/access-tokens.service.js';
import { bearerToken, presentedCredential } from '../../access/presented-credential.js';
import { SessionDelivery } from '../../sign-in/session-delivery.js';

/** Ends the sessions that a request's own credentials name. */
@Injectable()
export class Logout {
  constructor(
    private readonly delivery: SessionDelivery,
    private readonly loader: SessionLoader,
    private readonly sessions: Sessions,
    private readonly csrf: CsrfProtection,
    private readonly accessTokens: AccessTokens,
  ) {}

  /**
   * An access token ends its session although it has expired. A cookie that is absent, forged or of a session that has
   * ended is nothing to end. Read from the database, so that it works while the state store is down. Throws `CSRF_FAILED`
   * (403) for a live session without its token.
   */
  async signOut(request: AuthRequest, client: ClientInfo): Promise<void> {
    await this.endBearer(request, client);
    const reference = this.delivery.presentedSession(request);
    // No page sends this header to another site unless it may: there is nothing to forge where no cookie is involved.
    if (reference === undefined && presentedCredential(request) === 'bearer') return;
    // A form on another site sends no Lax cookie, but the browser would obey the answer that clears it.
    this.csrf.checkOrigin(request);
    if (reference !== undefined) await this.endCookie(request, reference, client);
    // An administrator who acts as somebody else leaves for good: nothing may be left to come back to.
    const kept = this.delivery.keptSession(request);
    if (kept !== undefined) await this.end(kept, client);
  }

  private async endCookie(request: AuthRequest, reference: SessionReference, client: ClientInfo): Promise<void> {
    const session = await this.loader.load(reference.userId, reference.sid);
    if (session === undefined) return;
    this.csrf.check(request, session.csrfSeed);
    await this.end(session, client);
  }

  private async endBearer(request: AuthRequest, client: ClientInfo): Promise<void> {
    const token = bearerToken(request);
    const claims = token === undefined ? undefined : await this.accessTokens.verifyExpired(token);
    if (claims !== undefined) await this.end(claims, client);
  }

  private async end({ userId, sid }: SessionReference, client: ClientInfo): Promise<void> {
    await this.sessions.revokeBySid(userId, sid, { type: 'session.ended', actorId: userId, client });
  }
}
