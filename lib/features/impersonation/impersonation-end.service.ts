import { Injectable } from '@nestjs/common';
import { CsrfProtection } from '../../access/csrf-protection.js';
import type { ClientInfo } from '../../common/client-address.js';
import { Clock } from '../../common/clock.js';
import type { Principal } from '../../common/principal.js';
import { AuthError } from '../../errors/auth-error.js';
import type { HttpExchange } from '../../http/exchange.decorator.js';
import { ImpersonatedSessions } from '../../sessions/impersonated-sessions.service.js';
import type { LoginSession } from '../../sessions/login-session.entity.js';
import { SessionCache } from '../../sessions/session-cache.js';
import { SessionDelivery, type RestoredSession, type SignedIn } from '../../sign-in/session-delivery.js';
import { UserDirectory } from '../../users/user-directory.js';

export interface EndingExchange extends Pick<HttpExchange, 'request' | 'response'> {
  readonly client: ClientInfo;
}

const END = { details: { reason: 'ended' } } as const;

/** Ends acting as somebody else, and gives a browser its own session back. */
@Injectable()
export class ImpersonationEnd {
  constructor(
    private readonly impersonated: ImpersonatedSessions,
    private readonly cache: SessionCache,
    private readonly delivery: SessionDelivery,
    private readonly csrf: CsrfProtection,
    private readonly users: UserDirectory,
    private readonly clock: Clock,
  ) {}

  /**
   * The administrator's own session, back in the browser; `undefined` when there is none to go back to. Throws `NOT_FOUND`
   * (404) for a session of one's own, which this does not end.
   */
  async end(who: Principal | undefined, exchange: EndingExchange): Promise<SignedIn | undefined> {
    if (who !== undefined && who.impersonatorId === undefined) throw new AuthError('NOT_FOUND');
    if (who?.via === 'bearer') return this.endToken(who, exchange.client);
    const { request, response, client } = exchange;
    // One that is live came through the guard, and so with its CSRF token. Of one that has ended nobody knows one any more.
    if (who === undefined) this.csrf.checkOrigin(request);
    const presented = this.delivery.presentedSession(request);
    const session = presented === undefined ? undefined : await this.impersonated.find(presented);
    if (session?.revokedAt === null) await this.impersonated.end(session, { ...END, client });
    const restored = session === undefined ? undefined : await this.restorable(exchange, session);
    if (restored !== undefined) return this.delivery.restore(request, response, restored);
    this.delivery.withdraw(response, request);
    return undefined;
  }

  private async endToken({ userId, sessionId: id }: Principal, client: ClientInfo): Promise<undefined> {
    const session = await this.impersonated.find({ userId, id });
    if (session !== undefined) await this.impersonated.end(session, { ...END, client });
  }

  /** Only the very session in which it began: the cookie beside it may be anybody's. */
  private async restorable(
    { request }: EndingExchange,
    { impersonatorId, impersonatorSessionId }: LoginSession,
  ): Promise<RestoredSession | undefined> {
    const kept = this.delivery.keptSession(request);
    if (kept === undefined || kept.userId !== impersonatorId) return undefined;
    const own = await this.cache.find(kept.userId, kept.sid);
    if (own === undefined || own.id !== impersonatorSessionId || own.scopes !== null) return undefined;
    const user = await this.users.publicUser(own.userId);
    if (user === undefined) return undefined;
    if (own.freshUntil > this.clock.now()) await this.impersonated.endFreshness(own);
    return { user, session: { ...own, restMs: own.expiresAt - this.clock.now() } };
  }
}
