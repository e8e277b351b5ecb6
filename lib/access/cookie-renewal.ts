import { Injectable } from '@nestjs/common';
import { DEVICE_COOKIE_MAX_AGE_MS, DeviceCookie } from '../attempts/device-cookie.js';
import { Clock } from '../common/clock.js';
import type { Principal } from '../common/principal.js';
import { CookieJar, type WithHeaders } from '../cookies/cookie-jar.js';
import { AuthSettings } from '../options/auth-settings.js';
import { SessionCookie } from '../sessions/session-cookie.js';
import { CookieSessionReader } from './cookie-session-reader.js';
import { CsrfProtection } from './csrf-protection.js';

/** Signs cookies anew that an accepted secret signed, so that a browser in use has left it long before it is over. */
@Injectable()
export class CookieRenewal {
  constructor(
    private readonly cookies: CookieJar,
    private readonly sessions: CookieSessionReader,
    private readonly sessionCookie: SessionCookie,
    private readonly deviceCookie: DeviceCookie,
    private readonly csrf: CsrfProtection,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** Sets the cookies of a request again, in its own answer. Nothing for a principal that came another way. */
  renew(request: WithHeaders, response: unknown, principal: Principal): void {
    const session = this.sessions.sessionOf(principal);
    const value = this.cookies.read(request, 'session');
    if (session === undefined || value === undefined || !this.sessionCookie.isOutdated(value)) return;
    const maxAgeMs = session.remember ? session.expiresAt - this.clock.now() : undefined;
    this.cookies.set(response, 'session', this.sessionCookie.write(session), { maxAgeMs });
    if (this.settings.cookies.xsrfCookie) {
      this.cookies.set(response, 'xsrf', this.csrf.csrfToken(session.csrfSeed), { maxAgeMs, readable: true });
    }
    const device = this.deviceCookie.renewed(this.cookies.read(request, 'device'));
    if (device !== undefined) {
      this.cookies.set(response, 'device', device, { maxAgeMs: DEVICE_COOKIE_MAX_AGE_MS });
    }
  }
}
