import { Injectable } from '@nestjs/common';
import { CsrfProtection } from '../access/csrf-protection.js';
import { DEVICE_COOKIE_MAX_AGE_MS, DeviceCookie } from '../attempts/device-cookie.js';
import type { KnownDevices } from '../attempts/known-devices.js';
import { CookieJar, type WithHeaders } from '../cookies/cookie-jar.js';
import { AuthSettings } from '../options/auth-settings.js';
import type { LoginSession } from '../sessions/login-session.entity.js';
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

type SessionOfCookie = SessionReference & Pick<LoginSession, 'csrfSeed'>;

/** A session that goes on in the browser that it began in. */
export interface RestoredSession {
  readonly user: PublicUser;
  /** `restMs`: how long it may go on at most. */
  readonly session: SessionOfCookie & { readonly remember: boolean; readonly restMs: number };
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

  /** The session of an administrator who acts as somebody else in this browser, live or not. */
  keptSession(request: WithHeaders): SessionReference | undefined {
    const value = this.cookies.read(request, 'impersonator');
    return value === undefined ? undefined : this.sessionCookie.read(value);
  }

  deliver(request: WithHeaders, response: unknown, { user, session }: CompletedSignIn): SignedIn {
    const maxAgeMs = session.remember ? session.expiresAt - session.createdAt : undefined;
    const csrfToken = this.setSession(response, session, maxAgeMs);
    this.forgetKept(request, response);
    this.rememberDevice(request, response, session.userId);
    return { status: 'signed_in', user, csrfToken };
  }

  /** Puts a session in which somebody else is acted as in the place of the browser's own, which is kept beside it. */
  deliverImpersonated(request: WithHeaders, response: unknown, { user, session }: CompletedSignIn): SignedIn {
    const own = this.cookies.read(request, 'session');
    if (own !== undefined) this.cookies.set(response, 'impersonator', own);
    return { status: 'signed_in', user, csrfToken: this.setSession(response, session, undefined) };
  }

  /** Puts the session back that was kept. It is no newer than it was. */
  restore(request: WithHeaders, response: unknown, { user, session }: RestoredSession): SignedIn {
    const csrfToken = this.setSession(response, session, session.remember ? session.restMs : undefined);
    this.forgetKept(request, response);
    return { status: 'signed_in', user, csrfToken };
  }

  /** Clears what `deliver` set, except the device: it stays known. With the request also what is kept beside it. */
  withdraw(response: unknown, request?: WithHeaders): void {
    this.cookies.clear(response, 'session');
    if (this.settings.cookies.xsrfCookie) this.cookies.clear(response, 'xsrf');
    if (request !== undefined) this.forgetKept(request, response);
  }

  private setSession(response: unknown, session: SessionOfCookie, maxAgeMs: number | undefined): string {
    const csrfToken = this.csrf.csrfToken(session.csrfSeed);
    this.cookies.set(response, 'session', this.sessionCookie.write(session), { maxAgeMs });
    if (this.settings.cookies.xsrfCookie) {
      this.cookies.set(response, 'xsrf', csrfToken, { maxAgeMs, readable: true });
    }
    return csrfToken;
  }

  private forgetKept(request: WithHeaders, response: unknown): void {
    if (this.cookies.read(request, 'impersonator') !== undefined) this.cookies.clear(response, 'impersonator');
  }
}
