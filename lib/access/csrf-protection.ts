import { Injectable, Logger } from '@nestjs/common';
import { SAFE_METHODS } from '../common/http-methods.js';
import { AuthError } from '../errors/auth-error.js';
import { Metrics } from '../events/metrics.service.js';
import { Keyring } from '../keys/keyring.js';
import { AuthSettings } from '../options/auth-settings.js';
import { isLoopbackHost } from '../options/loopback.js';
import type { AuthRequest } from './credential-source.js';

const TOKEN_HEADERS = ['x-csrf-token', 'x-xsrf-token'] as const;
const SHOWN_LENGTH = 200;

interface Forgery {
  readonly reason: 'origin' | 'site' | 'token';
  readonly message: string;
  readonly details: Readonly<Record<string, string>>;
}

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
    private readonly metrics: Metrics,
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
    throw this.failure({
      reason: 'token',
      message: 'The header X-CSRF-Token is missing or is not the one of this session.',
      details: { header: 'X-CSRF-Token' },
    });
  }

  /**
   * The first half alone, for requests that have no session yet, such as a sign-in, and for WebSocket handshakes, which
   * browsers let any site open with the visitor's cookies.
   *
   * @throws AuthError `CSRF_FAILED`
   */
  checkOrigin(request: AuthRequest): void {
    const forgery = this.foreignOrigin(request);
    if (forgery !== undefined) throw this.failure(forgery);
  }

  /** Whether `checkOrigin` lets the request pass: it is from a page of the application, or from no browser. */
  isOwnOrigin(request: AuthRequest): boolean {
    return this.foreignOrigin(request) === undefined;
  }

  private foreignOrigin({ headers }: AuthRequest): Forgery | undefined {
    const origin = headers['origin'];
    if (origin === undefined) {
      const site = headers['sec-fetch-site'];
      if (site === undefined || site === 'same-origin' || site === 'none') return undefined;
      const message = 'The browser says that another site sent this request.';
      return { reason: 'site', message, details: { site: shown(site) } };
    }
    if (typeof origin === 'string' && (this.settings.origins.includes(origin) || this.isLocalPage(origin))) {
      return undefined;
    }
    const message = 'The origin is not listed in the option "origins".';
    return { reason: 'origin', message, details: { origin: shown(origin), option: 'origins' } };
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

  private failure({ reason, message, details }: Forgery): AuthError {
    this.metrics.count('auth_csrf_failures', { reason });
    if (this.settings.environment === 'production') return new AuthError('CSRF_FAILED');
    return new AuthError('CSRF_FAILED', { message, details });
  }
}

function shown(value: string | string[]): string {
  return String(value).slice(0, SHOWN_LENGTH);
}
