import type { IncomingMessage, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import { hostEvidence } from '../checklist/evidence.js';
import { AuthError } from '../errors/auth-error.js';
import type { AuthSettings } from '../options/auth-settings.js';
import { AllowedHosts } from './allowed-hosts.js';
import { CorsHeaders } from './cors-headers.js';
import { settleForwardedChain } from './forwarded-chain.js';
import { PagePaths } from './page-paths.js';
import { SecurityHeaders, type AnswerKind } from './security-headers.js';

/** What every request meets first, before any middleware, body parser or route. */
export class RequestGate {
  private readonly logger = new Logger('Gatehouse');
  private readonly headers: SecurityHeaders;
  private readonly hosts: AllowedHosts;
  private readonly cors: CorsHeaders;
  private readonly pages: PagePaths;
  private refusalTold = false;

  /**
   * @param docs paths of API docs, asked for at each request: they are set up later.
   * @throws StartUpError when helmet is not installed.
   */
  constructor(
    private readonly settings: AuthSettings,
    private readonly docs: () => PagePaths,
  ) {
    this.headers = new SecurityHeaders(settings);
    this.hosts = new AllowedHosts(settings);
    this.cors = new CorsHeaders(settings);
    this.pages = new PagePaths(settings.http.pages);
  }

  /** Sets the headers of the answer. `true`: the request has been answered, and goes no further. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    this.headers.apply(this.kindOf(request.url ?? ''), request, response);
    const refused = this.hosts.refused(request);
    if (refused !== undefined) {
      this.refuse(refused.host, response);
      return true;
    }
    this.hosts.dropForeignForwardedHost(request);
    settleForwardedChain(request, this.settings.trustedProxyHops);
    return this.cors.apply(request, response);
  }

  private kindOf(url: string): AnswerKind {
    if (this.docs().includes(url)) return 'api-docs';
    return this.pages.includes(url) ? 'page' : 'api';
  }

  private refuse(host: string, response: ServerResponse): void {
    this.tell(host);
    const { body } = new AuthError('MALFORMED_REQUEST', {
      message: 'The host of this request is not served here.',
      ...(this.settings.environment === 'production' ? {} : { details: { option: 'http.hosts' } }),
    });
    const text = JSON.stringify(body);
    response.writeHead(body.statusCode, {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
    });
    response.end(text);
  }

  private tell(host: string): void {
    if (this.refusalTold) return;
    this.refusalTold = true;
    this.logger.warn(
      `A request for the host ${host === '' ? '(none)' : hostEvidence(host)} was refused. If people use it, or a health ` +
        'check does, list it in http.hosts; a proxy has to pass the Host header on. Logged once.',
    );
  }
}
