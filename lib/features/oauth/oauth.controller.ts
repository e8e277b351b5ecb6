import { Get, HttpCode, Param, Post, Query, Redirect } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AccountScope } from '../../access/account-scope.policy.js';
import { Auth, Public } from '../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import { RateLimit } from '../../attempts/rate-limit.decorator.js';
import type { Principal } from '../../common/principal.js';
import { AuthError } from '../../errors/auth-error.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { Input } from '../../http/input.decorator.js';
import { answerOf, postedAnswerOf } from './authorization-answer.js';
import { OAuthCallback } from './oauth-callback.service.js';
import { OAuthFailures } from './oauth-failures.service.js';
import { OAuthFlows } from './oauth-flows.service.js';
import { OAuthStart } from './oauth-start.service.js';
import { linkSchema, readStart, type LinkInput } from './oauth.schemas.js';
import { ProviderExchange } from './provider-exchange.service.js';
import { RedirectUris } from './redirect-uris.service.js';

interface Sent {
  readonly url: string;
  readonly statusCode: number;
}

/** Signing in with other providers, linking with them, and proving oneself once more by them. */
@AuthController('oauth')
export class OAuthController {
  constructor(
    private readonly starts: OAuthStart,
    private readonly flows: OAuthFlows,
    private readonly exchange: ProviderExchange,
    private readonly callbacks: OAuthCallback,
    private readonly failures: OAuthFailures,
    private readonly uris: RedirectUris,
    private readonly addresses: ClientAddresses,
    private readonly host: HttpAdapterHost,
  ) {}

  @Get(':provider')
  @Redirect()
  @Public()
  @RateLimit('oauthStart')
  async start(
    @Param('provider') provider: string,
    @Query() query: unknown,
    @Exchange() { request, response }: HttpExchange,
  ): Promise<Sent> {
    this.hideAddress(response);
    const flow = await this.starts.flowFor(provider, await readStart(query), request);
    try {
      const url = await this.exchange.authorizationUrl(flow);
      this.flows.keep(request, response, flow);
      return found(url.href);
    } catch (error) {
      return found(await this.failures.answer(error, { provider, flow, client: this.addresses.of(request) }));
    }
  }

  @Get(':provider/callback')
  @Redirect()
  @Public()
  @RateLimit('confirm')
  async callback(
    @Param('provider') provider: string,
    @Query() query: unknown,
    @Exchange() { request, response }: HttpExchange,
  ): Promise<Sent> {
    this.hideAddress(response);
    this.refuseUnknown(provider);
    return found(await this.callbacks.finish({ provider, answer: answerOf(query), request, response }));
  }

  /**
   * The answer as a form (OAuth 2.0 Form Post Response Mode). It comes from the provider's site and so without our cookies:
   * nothing is looked at, the browser is sent to the same answer as a link.
   */
  @Post(':provider/callback')
  @Redirect()
  @Public()
  @RateLimit('confirm')
  form(@Param('provider') provider: string, @Exchange() { request, response }: HttpExchange): Sent {
    this.hideAddress(response);
    this.refuseUnknown(provider);
    const url = new URL(this.uris.of(provider));
    url.search = postedAnswerOf(request.body).toString();
    return { url: url.href, statusCode: 303 };
  }

  @Post(':provider/link')
  @HttpCode(200)
  @Auth({ via: ['session', 'bearer'], fresh: true, policy: AccountScope })
  async link(
    @CurrentPrincipal() who: Principal,
    @Param('provider') provider: string,
    @Exchange() { request, response }: HttpExchange,
    @Input(linkSchema) input: LinkInput,
  ): Promise<{ url: string }> {
    const flow = this.starts.linkFor(provider, input, who);
    try {
      const url = await this.exchange.authorizationUrl(flow);
      this.flows.keep(request, response, flow);
      return { url: url.href };
    } catch (error) {
      return { url: await this.failures.answer(error, { provider, flow, client: this.addresses.of(request) }) };
    }
  }

  private refuseUnknown(provider: string): void {
    if (!this.exchange.has(provider)) throw new AuthError('NOT_FOUND');
  }

  /** Codes and state stand in the address of these routes: no page that follows is to be told of it. */
  private hideAddress(response: unknown): void {
    this.host.httpAdapter.setHeader(response, 'Referrer-Policy', 'no-referrer');
  }
}

function found(url: string): Sent {
  return { url, statusCode: 302 };
}
