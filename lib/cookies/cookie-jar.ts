import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { parse, serialize } from 'cookie';
import { AuthSettings } from '../options/auth-settings.js';

/** What a request must have for cookies to be read: Express, Fastify and a WebSocket handshake all do. */
export interface WithHeaders {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface CookieAttributes {
  /** Life in the browser. Default: until the browser is closed. */
  readonly maxAgeMs?: number | undefined;
  /** Whether page scripts may read it. Default `false` (`HttpOnly`). */
  readonly readable?: boolean;
}

const NAMES = {
  session: 'auth_session',
  /** The session to which an administrator comes back who acts as somebody else. */
  impersonator: 'auth_impersonator',
  device: 'auth_device',
  /** Binds a challenge to the browser that began it. */
  challenge: 'auth_challenge',
  /** Tells the browser that asked for a mailed link from others. */
  request: 'auth_request',
  /** Sign-ins with other providers that are under way, sealed. */
  oauth: 'auth_oauth',
  xsrf: 'XSRF-TOKEN',
} as const;

export type AuthCookie = keyof typeof NAMES;

/**
 * Reads and writes our cookies, on every HTTP adapter, beside the host's own. All are `Path=/`, `HttpOnly` unless made to
 * be read, `Secure` and `__Host-` prefixed on https (RFC 6265bis §4.1.3.2), and are cleared with the very attributes they
 * were set with.
 */
@Injectable()
export class CookieJar {
  private readonly names: Readonly<Record<AuthCookie, string>>;
  /** A request reads several of its cookies, one after the other. */
  private latest: Readonly<{ text: string; cookies: ReturnType<typeof parse> }> = { text: '', cookies: parse('') };

  constructor(
    private readonly settings: AuthSettings,
    private readonly host: HttpAdapterHost,
  ) {
    const prefixed = settings.secure && settings.cookies.domain === undefined;
    this.names = prefixed ? hostOnly(NAMES) : NAMES;
  }

  /** The name that a cookie has in this deployment. */
  nameOf(cookie: AuthCookie): string {
    return this.names[cookie];
  }

  read(request: WithHeaders, cookie: AuthCookie): string | undefined {
    const header = request.headers['cookie'];
    if (header === undefined) return undefined;
    const text = Array.isArray(header) ? header.join('; ') : header;
    const name = this.nameOf(cookie);
    // Several cookies are looked for in each request, most of which are not there.
    if (!text.includes(name)) return undefined;
    if (this.latest.text !== text) this.latest = { text, cookies: parse(text) };
    return this.latest.cookies[name];
  }

  set(response: unknown, cookie: AuthCookie, value: string, attributes: CookieAttributes = {}): void {
    this.host.httpAdapter.appendHeader(response, 'Set-Cookie', this.render(cookie, value, attributes));
  }

  clear(response: unknown, cookie: AuthCookie): void {
    this.set(response, cookie, '', { maxAgeMs: 0, readable: cookie === 'xsrf' });
  }

  /** The `Set-Cookie` line itself. */
  render(cookie: AuthCookie, value: string, { maxAgeMs, readable = false }: CookieAttributes = {}): string {
    const { sameSite, domain } = this.settings.cookies;
    return serialize(this.nameOf(cookie), value, {
      path: '/',
      httpOnly: !readable,
      secure: this.settings.secure,
      // The provider leads back from another site: a strict cookie would not come along.
      sameSite: cookie === 'oauth' && sameSite === 'strict' ? 'lax' : sameSite,
      ...(domain === undefined ? {} : { domain }),
      ...(maxAgeMs === undefined ? {} : { maxAge: Math.floor(maxAgeMs / 1_000) }),
    });
  }
}

/** `XSRF-TOKEN` keeps the name that pages look for. */
function hostOnly(names: typeof NAMES): Record<AuthCookie, string> {
  const entries = Object.entries(names).map(([cookie, name]) => [cookie, cookie === 'xsrf' ? name : `__Host-${name}`]);
  return Object.fromEntries(entries) as Record<AuthCookie, string>;
}
