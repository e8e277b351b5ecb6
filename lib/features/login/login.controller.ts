import { Get, HttpCode, Post } from '@nestjs/common';
import { SkipThrottle } from '@nestjs/throttler';
import { OptionalAuth, Public } from '../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { CsrfProtection } from '../../access/csrf-protection.js';
import { DeviceCookie } from '../../attempts/device-cookie.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import type { Principal } from '../../common/principal.js';
import { CookieJar } from '../../cookies/cookie-jar.js';
import { AuthError } from '../../errors/auth-error.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { Input } from '../../http/input.decorator.js';
import { SessionDelivery, type SignedIn } from '../../sign-in/session-delivery.js';
import { CurrentSession, type SessionState } from './current-session.service.js';
import { loginSchema, type LoginInput } from './login.schemas.js';
import { Logout } from './logout.service.js';
import { PasswordSignIn } from './password-sign-in.service.js';

@AuthController()
export class LoginController {
  constructor(
    private readonly passwordSignIn: PasswordSignIn,
    private readonly signOut: Logout,
    private readonly current: CurrentSession,
    private readonly delivery: SessionDelivery,
    private readonly csrf: CsrfProtection,
    private readonly addresses: ClientAddresses,
    private readonly cookies: CookieJar,
    private readonly deviceCookie: DeviceCookie,
  ) {}

  @Post('login')
  @HttpCode(200)
  @Public()
  async login(
    @Exchange() { request, response, gone }: HttpExchange,
    @Input(loginSchema) input: LoginInput,
  ): Promise<SignedIn> {
    this.csrf.checkOrigin(request);
    if (input.deliver === 'tokens') throw tokensNotEnabled();
    const completed = await this.passwordSignIn.signInWith({
      identifier: input.email,
      password: input.password,
      rememberMe: input.rememberMe,
      client: this.addresses.of(request),
      devices: this.deviceCookie.read(this.cookies.read(request, 'device')),
      gone,
    });
    return this.delivery.deliver(request, response, completed);
  }

  // No limit: signing out works while the state store is down, and a forged cookie costs nothing.
  @Post('logout')
  @HttpCode(204)
  @Public()
  @SkipThrottle()
  async logout(@Exchange() { request, response }: HttpExchange): Promise<void> {
    await this.signOut.signOut(request);
    this.delivery.withdraw(response);
  }

  @Get('session')
  @OptionalAuth()
  session(@CurrentPrincipal() principal: Principal | undefined): Promise<SessionState> {
    return this.current.describe(principal);
  }
}

function tokensNotEnabled(): AuthError {
  const message = 'Token delivery is not enabled in this application.';
  return new AuthError('VALIDATION_FAILED', { details: [{ field: 'deliver', rule: 'enabled', message }] });
}
