import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuthSettings, CorsSettings } from '../options/auth-settings.js';
import { isLoopbackHost } from '../options/loopback.js';

const METHODS = 'GET, HEAD, PUT, PATCH, POST, DELETE';
const HEADER_NAMES = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$/;
const PREFLIGHT_SECONDS = 600;

/**
 * Which pages of other origins read answers (Fetch, "CORS protocol"): those that are listed, character for character. All
 * others get no header at all, so that their browser keeps the answer from them.
 */
export class CorsHeaders {
  private readonly cors: CorsSettings | undefined;
  private readonly production: boolean;

  constructor({ http, environment }: AuthSettings) {
    this.cors = http.cors;
    this.production = environment === 'production';
  }

  /** Sets what belongs to the answer. `true`: it was a preflight, and the answer is complete. */
  apply(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.cors === undefined) return false;
    // Also where nothing is allowed: a cache must not hand the answer for one origin to another (RFC 9110 §12.5.5).
    response.appendHeader('Vary', 'Origin');
    const { origin } = request.headers;
    const allowed = origin === undefined ? undefined : this.allowedOrigin(origin, this.cors);
    if (allowed !== undefined) this.allow(response, allowed, this.cors);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
    if (allowed !== undefined) preflight(request, response);
    response.writeHead(204, { 'Content-Length': '0' }).end();
    return true;
  }

  private allowedOrigin(origin: string, { origins }: CorsSettings): string | undefined {
    // Sandboxed frames, files and some redirects of anybody say `null`.
    if (origin === 'null') return undefined;
    if (origins === '*') return '*';
    return origins.includes(origin) || this.isLocalPage(origin) ? origin : undefined;
  }

  /** As `CsrfProtection` lets it call: a development server on another port. */
  private isLocalPage(origin: string): boolean {
    return !this.production && URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname);
  }

  private allow(response: ServerResponse, origin: string, { credentials, exposedHeaders }: CorsSettings): void {
    response.setHeader('Access-Control-Allow-Origin', origin);
    // Never beside `*`, which no browser takes, nor by an echo of whoever asks.
    if (credentials && origin !== '*') response.setHeader('Access-Control-Allow-Credentials', 'true');
    if (exposedHeaders.length > 0) response.setHeader('Access-Control-Expose-Headers', exposedHeaders.join(', '));
  }
}

/** A listed page may send any header: which ones the application knows is not known here. */
function preflight({ headers }: IncomingMessage, response: ServerResponse): void {
  const asked = headers['access-control-request-headers'];
  response.appendHeader('Vary', 'Access-Control-Request-Headers');
  response.setHeader('Access-Control-Allow-Methods', METHODS);
  if (typeof asked === 'string' && HEADER_NAMES.test(asked)) response.setHeader('Access-Control-Allow-Headers', asked);
  response.setHeader('Access-Control-Max-Age', String(PREFLIGHT_SECONDS));
}
