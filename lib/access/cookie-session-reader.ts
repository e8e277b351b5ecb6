import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { MINUTE_MS } from '../common/duration.js';
import { Principal } from '../common/principal.js';
import { CookieJar } from '../cookies/cookie-jar.js';
import { RoleGrants } from '../roles/role-grants.js';
import type { LiveSession } from '../sessions/live-session.js';
import { SessionCache } from '../sessions/session-cache.js';
import { SessionCookie } from '../sessions/session-cookie.js';
import { sessionPrincipal } from './session-principal.js';
import { SessionReader, type AuthRequest, type SessionReading } from './credential-source.js';

const NOTE_EVERY_MS = MINUTE_MS;

/** Who the session cookie is from: its MAC, then one look-up. A cookie that does not verify counts as absent. */
@Injectable()
export class CookieSessionReader extends SessionReader {
  private readonly logger = new Logger('Gatehouse');
  private unverifiedCount = 0;
  private notedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly cookies: CookieJar,
    private readonly sessionCookie: SessionCookie,
    private readonly cache: SessionCache,
    private readonly grants: RoleGrants,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async fromCookie(request: AuthRequest): Promise<SessionReading> {
    const value = this.cookies.read(request, 'session');
    const reference = value === undefined ? undefined : this.sessionCookie.read(value);
    if (reference === undefined) {
      if (value !== undefined) this.noteUnverified();
      return { status: 'none' };
    }
    const session = await this.cache.find(reference.userId, reference.sid);
    // The sid of tokens is in no cookie of ours.
    if (session === undefined || session.scopes !== null) return { status: 'dead' };
    const principal = sessionPrincipal(session, 'session', undefined, this.grants, session);
    return { status: 'live', principal, csrf: { seed: session.csrfSeed } };
  }

  /** Cookies that did not verify since the start: forged ones, or all of them after a change of the secret. */
  get unverified(): number {
    return this.unverifiedCount;
  }

  /** The login session behind a principal that came by cookie. */
  sessionOf(principal: Principal): LiveSession | undefined {
    return Principal.originOf(principal) as LiveSession | undefined;
  }

  private noteUnverified(): void {
    this.unverifiedCount += 1;
    const now = this.clock.now();
    if (now - this.notedAt < NOTE_EVERY_MS) return;
    this.notedAt = now;
    this.logger.warn(`A session cookie did not verify and counts as absent (${this.unverifiedCount} since the start)`);
  }
}
