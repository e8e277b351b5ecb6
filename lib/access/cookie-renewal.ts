import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { DEVICE_COOKIE_MAX_AGE_MS, DeviceCookie } from '../attempts/device-cookie.js';
import { Clock } from '../common/clock.js';
import type { Principal } from '../common/principal.js';
import { CookieJar, type AuthCookie, type CookieAttributes, type WithHeaders } from '../cookies/cookie-jar.js';
import { forbidStorage, setCookieLines, whenHeadersLeave } from '../cookies/leaving-headers.js';
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
  ) {}

  /**
   * Sets the cookies of a request again, in its own answer, once it is known what else that sets: a session that it starts
   * or ends takes the place of the one that the request had. Nothing for a principal that came another way.
   */
  renew(request: WithHeaders, response: unknown, principal: Principal): void {
    const session = this.sessions.sessionOf(principal);
    if (session === undefined) return;
    const own = this.session(request, session);
    const xsrf = this.xsrf(request, session);
    const device = this.device(request);
    // Nearly always there is nothing to do.
    if (own === undefined && xsrf === undefined && device === undefined) return;
    const renewed = [own, xsrf, device].filter((cookie) => cookie !== undefined);
    whenHeadersLeave(response, (answer) => this.add(answer, renewed));
  }

  private add(answer: ServerResponse, renewed: readonly RenewedCookie[]): void {
    const present = setCookieLines(answer);
    const isSet = (cookie: AuthCookie): boolean =>
      present.some((line) => line.startsWith(`${this.cookies.nameOf(cookie)}=`));
    const lines = renewed.map(({ cookie, value, ...attributes }) => ({
      line: this.cookies.render(cookie, value, attributes),
      isWanted: !isSet(cookie) && (cookie !== 'xsrf' || !isSet('session')),
    }));
    const all = [...present, ...lines.filter(({ isWanted }) => isWanted).map(({ line }) => line)];
    // Ours may be there already: of an attempt to send the headers that failed, or of another call.
    if (!lines.some(({ line }) => all.includes(line))) return;
    answer.setHeader('Set-Cookie', all);
    // A cache that is shared may keep an answer together with its Set-Cookie (RFC 9111 §7.3).
    forbidStorage(answer);
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
