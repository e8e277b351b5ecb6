import { Injectable } from '@nestjs/common';
import { CsrfProtection } from '../access/csrf-protection.js';
import { DEVICE_COOKIE_MAX_AGE_MS, DeviceCookie } from '../attempts/device-cookie.js';
import type { KnownDevices } from '../attempts/known-devices.js';
import { CookieJar, type WithHeaders } from '../cookies/cookie-jar.js';
import { AuthSettings } from '../options/auth-settings.js';
import { SessionCookie, type SessionReference } from '../sessions/session-cookie.js';
import type { PublicUser } from '../users/user-directory.js';
import type { CompletedSignIn } from './sign-in.service.js';

/** The answer of every completed sign-in in cookie delivery. */
export interface SignedIn {
  readonly status: 'signed_in';
  readonly user: PublicUser;
  /** To be sent as `X-CSRF-Token` with every unsafe request. */
  readonly csrfToken: string;
}

/** Hands a session to a browser, and takes it back. */
@Injectable()
export class SessionDelivery {
  constructor(
    private readonly cookies: CookieJar,
    private readonly sessionCookie: SessionCookie,
    private readonly deviceCookie: DeviceCookie,
    private readonly csrf: CsrfProtection,
    private readonly settings: AuthSettings,
  ) {}

  /** The accounts that the browser is known to, by its cookie or by the token that stands for it. */
  devicesOf(request: WithHeaders, deviceToken?: string): KnownDevices {
    return this.deviceCookie.read(deviceToken ?? this.cookies.read(request, 'device'));
  }

  /** Makes the browser known to the account. A form on another site must not put its own account in place of others. */
  rememberDevice(request: WithHeaders, response: unknown, userId: string): void {
    if (!this.csrf.isOwnOrigin(request)) return;
    const value = this.deviceCookie.withDevice(this.devicesOf(request), userId);
    this.cookies.set(response, 'device', value, { maxAgeMs: DEVICE_COOKIE_MAX_AGE_MS });
  }

  /**
   * The same for a client that keeps no cookies. It lists what the client itself presented, and never what stands in an
   * `HttpOnly` cookie beside.
   */
  deviceToken(userId: string, presented = ''): string {
    return this.deviceCookie.withDevice(this.deviceCookie.read(presented), userId);
  }

  /** The session that the browser holds, live or not; `undefined` without a cookie of ours. */
  presentedSession(request: WithHeaders): SessionReference | undefined {
    const value = this.cookies.read(request, 'session');
    return value === undefined ? undefined : this.sessionCookie.read(value);
  }

  deliver(request: WithHeaders, response: unknown, { user, session }: CompletedSignIn): SignedIn {
    const csrfToken = this.csrf.csrfToken(session.csrfSeed);
    const maxAgeMs = session.remember ? session.expiresAt - session.createdAt : undefined;
    this.cookies.set(response, 'session', this.sessionCookie.write(session), { maxAgeMs });
    if (this.settings.cookies.xsrfCookie) {
      this.cookies.set(response, 'xsrf', csrfToken, { maxAgeMs, readable: true });
    }
    this.rememberDevice(request, response, session.userId);
    return { status: 'signed_in', user, csrfToken };
  }

  /** Clears what `deliver` set, except the device: it stays known. */
  withdraw(response: unknown): void {
    this.cookies.clear(response, 'session');
    if (this.settings.cookies.xsrfCookie) this.cookies.clear(response, 'xsrf');
  }
}
