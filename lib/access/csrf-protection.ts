import { Injectable, Logger } from '@nestjs/common';
import { SAFE_METHODS } from '../common/http-methods.js';
import { AuthError } from '../errors/auth-error.js';
import { Keyring } from '../keys/keyring.js';
import { AuthSettings } from '../options/auth-settings.js';
import { isLoopbackHost } from '../options/loopback.js';
import type { AuthRequest } from './credential-source.js';

const TOKEN_HEADERS = ['x-csrf-token', 'x-xsrf-token'] as const;
const SHOWN_LENGTH = 200;

/** Whether a request may change something: everything but GET, HEAD and OPTIONS. */
export function isUnsafe({ method }: AuthRequest): boolean {
  return method === undefined || !SAFE_METHODS.has(method.toUpperCase());
}

/**
 * Keeps other sites from acting with a visitor's cookie: first where the request comes from, then a token that only a
 * page of the application can know (a MAC over a seed of the session, OWASP's signed double submit without the cookie).
 */
@Injectable()
export class CsrfProtection {
  private readonly logger = new Logger('Gatehouse');
  private loopbackToldOnce = false;

  constructor(
    private readonly settings: AuthSettings,
    private readonly keyring: Keyring,
  ) {}

  /** The token that belongs to a session, for `X-CSRF-Token`. */
  csrfToken(seed: string): string {
    return this.keyring.sign('csrf', seed);
  }

  /**
   * Refuses an unsafe request that a cookie authenticated, unless it comes from a listed origin and carries the token.
   *
   * @throws AuthError `CSRF_FAILED`
   */
  check(request: AuthRequest, seed: string): void {
    this.checkOrigin(request);
    const token = TOKEN_HEADERS.map((name) => request.headers[name]).find((value) => value !== undefined);
    if (typeof token === 'string' && this.keyring.verify('csrf', token, seed)) return;
    throw this.failure('The header X-CSRF-Token is missing or is not the one of this session.', {
      header: 'X-CSRF-Token',
    });
  }

  /**
   * The first half alone, for requests that have no session yet, such as a sign-in, and for WebSocket handshakes, which
   * browsers let any site open with the visitor's cookies.
   *
   * @throws AuthError `CSRF_FAILED`
   */
  checkOrigin({ headers }: AuthRequest): void {
    const origin = headers['origin'];
    if (origin === undefined) {
      const site = headers['sec-fetch-site'];
      if (site === undefined || site === 'same-origin' || site === 'none') return;
      throw this.failure('The browser says that another site sent this request.', { site: shown(site) });
    }
    if (typeof origin === 'string' && (this.settings.origins.includes(origin) || this.isLocalPage(origin))) return;
    throw this.failure('The origin is not listed in the option "origins".', {
      origin: shown(origin),
      option: 'origins',
    });
  }

  /** Whether `checkOrigin` lets the request pass: it is from a page of the application, or from no browser. */
  isOwnOrigin(request: AuthRequest): boolean {
    try {
      this.checkOrigin(request);
      return true;
    } catch {
      return false;
    }
  }

  /** Outside production a page on this machine passes, so that a development server on another port works. */
  private isLocalPage(origin: string): boolean {
    if (this.settings.environment === 'production' || !URL.canParse(origin)) return false;
    if (!isLoopbackHost(new URL(origin).hostname)) return false;
    if (!this.loopbackToldOnce) {
      this.loopbackToldOnce = true;
      this.logger.log('Pages on loopback origins may call with cookies, because this is not production.');
    }
    return true;
  }

  private failure(reason: string, details: Readonly<Record<string, string>>): AuthError {
    if (this.settings.environment === 'production') return new AuthError('CSRF_FAILED');
    return new AuthError('CSRF_FAILED', { message: reason, details });
  }
}

function shown(value: string | string[]): string {
  return String(value).slice(0, SHOWN_LENGTH);
}
