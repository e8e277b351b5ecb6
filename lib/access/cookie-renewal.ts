import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DEVICE_COOKIE_MAX_AGE_MS, DeviceCookie } from '../attempts/device-cookie.js';
import { Clock } from '../common/clock.js';
import type { Principal } from '../common/principal.js';
import { CookieJar, type AuthCookie, type CookieAttributes, type WithHeaders } from '../cookies/cookie-jar.js';
import { Keyring } from '../keys/keyring.js';
import { AuthSettings } from '../options/auth-settings.js';
import type { LiveSession } from '../sessions/live-session.js';
import { SessionCookie } from '../sessions/session-cookie.js';
import { CookieSessionReader } from './cookie-session-reader.js';
import { CsrfProtection } from './csrf-protection.js';

interface RenewedCookie extends CookieAttributes {
  readonly cookie: AuthCookie;
  readonly value: string;
}

/**
 * Signs cookies anew that another key than the current one signed, so that a browser in use has left a secret long before
 * it is over. Each cookie is judged by itself: its purpose may have a secret of its own.
 */
@Injectable()
export class CookieRenewal {
  constructor(
    private readonly cookies: CookieJar,
    private readonly sessions: CookieSessionReader,
    private readonly sessionCookie: SessionCookie,
    private readonly deviceCookie: DeviceCookie,
    private readonly csrf: CsrfProtection,
    private readonly keyring: Keyring,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
    private readonly host: HttpAdapterHost,
  ) {}

  /** Sets the cookies of a request again, in its own answer. Nothing for a principal that came another way. */
  renew(request: WithHeaders, response: unknown, principal: Principal): void {
    const session = this.sessions.sessionOf(principal);
    if (session === undefined) return;
    const renewed = [this.session(request, session), this.xsrf(request, session), this.device(request)].filter(
      (cookie) => cookie !== undefined,
    );
    if (renewed.length === 0) return;
    // RFC 9111 §7.3: a cache that is shared may keep an answer together with its Set-Cookie.
    this.host.httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    for (const { cookie, value, ...attributes } of renewed) this.cookies.set(response, cookie, value, attributes);
  }

  private session(request: WithHeaders, session: LiveSession): RenewedCookie | undefined {
    const value = this.cookies.read(request, 'session');
    if (value === undefined || !this.sessionCookie.isOutdated(value)) return undefined;
    return { cookie: 'session', value: this.sessionCookie.write(session), maxAgeMs: this.restOf(session) };
  }

  /** Whatever stands there: without the right one the page could not change anything, and it gets it nowhere else. */
  private xsrf(request: WithHeaders, session: LiveSession): RenewedCookie | undefined {
    const value = this.settings.cookies.xsrfCookie ? this.cookies.read(request, 'xsrf') : undefined;
    if (value === undefined || this.keyring.namesCurrent('csrf', value)) return undefined;
    const token = this.csrf.csrfToken(session.csrfSeed);
    return { cookie: 'xsrf', value: token, maxAgeMs: this.restOf(session), readable: true };
  }

  private device(request: WithHeaders): RenewedCookie | undefined {
    const value = this.deviceCookie.renewed(this.cookies.read(request, 'device'));
    return value === undefined ? undefined : { cookie: 'device', value, maxAgeMs: DEVICE_COOKIE_MAX_AGE_MS };
  }

  /** Only a remembered session has a life in the browser of its own. */
  private restOf({ remember, expiresAt }: LiveSession): number | undefined {
    return remember ? expiresAt - this.clock.now() : undefined;
  }
}
