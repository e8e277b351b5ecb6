import { Header, HttpCode, Post, SetMetadata, UseFilters } from '@nestjs/common';
import { Auth, Public } from '../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import { RateLimit } from '../../attempts/rate-limit.decorator.js';
import type { Principal } from '../../common/principal.js';
import { AuthError } from '../../errors/auth-error.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { INPUT_SCHEMA } from '../../http/input.decorator.js';
import { OAuthErrorFilter } from '../../http/oauth-error.filter.js';
import { MailLocales } from '../../mail/mail-locales.js';
import { PasswordSignIn } from '../../sign-in/password-sign-in.service.js';
import { SessionDelivery } from '../../sign-in/session-delivery.js';
import { SignInDelivery } from '../../sign-in/sign-in-delivery.js';
import { TokenDelivery, type IssuedTokens } from '../../sign-in/token-delivery.js';
import { RefreshRotation } from '../../tokens/refresh-rotation.service.js';
import type { TokenResponse } from '../../tokens/token-issuer.service.js';
import { readParameters, readTokenGrant, refreshSchema, tokenOnlySchema, tokenSchema } from './bearer.schemas.js';
import { CodeSignIn } from './code-sign-in.service.js';
import { TokenIntrospection, type Introspection } from './token-introspection.service.js';
import { Tokens } from './tokens.service.js';

/** The token endpoints of RFC 6749, 7009 and 7662. They read JSON and forms. */
@AuthController('token')
@UseFilters(OAuthErrorFilter)
export class TokenController {
  constructor(
    private readonly passwordSignIn: PasswordSignIn,
    private readonly codeSignIn: CodeSignIn,
    private readonly rotation: RefreshRotation,
    private readonly tokens: Tokens,
    private readonly introspection: TokenIntrospection,
    private readonly delivery: TokenDelivery,
    private readonly answers: SignInDelivery,
    private readonly devices: SessionDelivery,
    private readonly addresses: ClientAddresses,
    private readonly locales: MailLocales,
  ) {}

  @Post()
  @HttpCode(200)
  @Header('Pragma', 'no-cache')
  @Public()
  @SetMetadata(INPUT_SCHEMA, tokenSchema)
  async token(@Exchange() { request, response, gone }: HttpExchange): Promise<TokenResponse | IssuedTokens> {
    const grant = await readTokenGrant(request.body);
    const client = this.addresses.of(request);
    const locale = this.locales.of(request);
    if (grant.grant_type === 'refresh_token') {
      return this.rotation.refresh({ refreshToken: grant.refresh_token, scope: grant.scope, client, locale });
    }
    const { device_token } = grant;
    const outcome =
      grant.grant_type === 'authorization_code'
        ? await this.codeSignIn.signInWith({ code: grant.code, codeVerifier: grant.code_verifier, client, locale })
        : await this.passwordSignIn.signInWith({
            identifier: grant.username,
            password: grant.password,
            scope: grant.scope,
            rememberMe: false,
            deliver: 'tokens',
            client,
            locale,
            devices: this.devices.devicesOf(request, device_token),
            replaces: undefined,
            gone,
          });
    if (!('pending' in outcome)) return this.delivery.deliver(request, response, outcome, device_token);
    const { status: _status, ...details } = await this.answers.ask({ request, response }, outcome);
    throw new AuthError('MFA_REQUIRED', { details });
  }

  @Post('refresh')
  @HttpCode(200)
  @Header('Pragma', 'no-cache')
  @Public()
  @SetMetadata(INPUT_SCHEMA, refreshSchema)
  async refresh(@Exchange() { request }: HttpExchange): Promise<TokenResponse> {
    const { refresh_token: refreshToken, scope } = await readParameters(refreshSchema, request.body);
    const client = this.addresses.of(request);
    return this.rotation.refresh({ refreshToken, scope, client, locale: this.locales.of(request) });
  }

  /** Whoever holds a token may end it. A token that is none of ours has ended already (RFC 7009 §2.2). */
  @Post('revoke')
  @HttpCode(200)
  @Public()
  @RateLimit('anonymous', { whenStoreIsDown: 'allow' })
  @SetMetadata(INPUT_SCHEMA, tokenOnlySchema)
  async revoke(@Exchange() { request }: HttpExchange): Promise<void> {
    const { token } = await readParameters(tokenOnlySchema, request.body);
    await this.tokens.revoke(token, { client: this.addresses.of(request) });
  }

  @Post('introspect')
  @HttpCode(200)
  @Auth({ via: ['session', 'bearer', 'api-key'] })
  @SetMetadata(INPUT_SCHEMA, tokenOnlySchema)
  async introspect(@CurrentPrincipal() who: Principal, @Exchange() { request }: HttpExchange): Promise<Introspection> {
    const { token } = await readParameters(tokenOnlySchema, request.body);
    return this.introspection.introspectFor(who, token);
  }
}
