import type { IncomingMessage, ServerResponse } from 'node:http';
import { SECOND_MS } from '../common/duration.js';
import type { AuthSettings } from '../options/auth-settings.js';
import { optionalPackage } from './optional-package.js';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: Error) => void) => void;
type Directives = Readonly<Record<string, readonly string[]>>;
type Helmet = (options: Readonly<Record<string, unknown>>) => Middleware;

/** An answer of an API is data: nothing in it is run, framed, fetched or sent (OWASP REST Security Cheat Sheet). */
const API: Directives = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** Files of one's own, and images out of the page itself, such as QR codes. */
const PAGE: Directives = {
  'default-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
  'img-src': ["'self'", 'data:'],
  'object-src': ["'none'"],
};

/** Swagger UI writes its style into the page. */
const API_DOCS: Directives = { ...PAGE, 'style-src': ["'self'", "'unsafe-inline'"] };

export type AnswerKind = 'api' | 'page' | 'api-docs';

/** The headers that tell browsers what an answer may do. They are set first, so that a handler can replace each. */
export class SecurityHeaders {
  private readonly helmets: Readonly<Record<AnswerKind, Middleware>>;

  /** @throws StartUpError when helmet is not installed. */
  constructor(settings: AuthSettings) {
    const { default: helmet } = optionalPackage<{ readonly default: Helmet }>('helmet', 'harden(app)');
    const shared = sharedOptions(settings);
    // A form that a page without referrer sends says `Origin: null`, which is nobody's page.
    const page = { ...shared, referrerPolicy: { policy: 'same-origin' } };
    this.helmets = {
      api: helmet({ ...shared, contentSecurityPolicy: { useDefaults: false, directives: API } }),
      page: helmet({ ...page, contentSecurityPolicy: { useDefaults: false, directives: PAGE } }),
      'api-docs': helmet({ ...page, contentSecurityPolicy: { useDefaults: false, directives: API_DOCS } }),
    };
  }

  apply(kind: AnswerKind, request: IncomingMessage, response: ServerResponse): void {
    this.helmets[kind](request, response, (error) => {
      if (error !== undefined) throw error;
    });
  }
}

function sharedOptions({ http, secure, baseUrl, origins }: AuthSettings): Readonly<Record<string, unknown>> {
  const { hsts } = http;
  const alone = origins.every((origin) => origin === baseUrl.origin);
  return {
    // RFC 6797 §7.2: a promise that only https can make.
    strictTransportSecurity:
      secure && hsts !== undefined
        ? {
            maxAge: Math.floor(hsts.maxAgeMs / SECOND_MS),
            includeSubDomains: hsts.includeSubDomains,
            preload: hsts.preload,
          }
        : false,
    // Pages of the other origins show files of this API in `<img>` and `<video>` when they are of the same site.
    crossOriginResourcePolicy: { policy: alone ? 'same-origin' : 'same-site' },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  };
}
