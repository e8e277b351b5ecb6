import { Get, HttpCode, Post } from '@nestjs/common';
import { DuringEnrolment, DuringImpersonation, OptionalAuth, Public } from '../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { CsrfProtection } from '../../access/csrf-protection.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import { RateLimit } from '../../attempts/rate-limit.decorator.js';
import type { Principal } from '../../common/principal.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { Input } from '../../http/input.decorator.js';
import { MailLocales } from '../../mail/mail-locales.js';
import { SignInDelivery, type SignInAnswer } from '../../sign-in/sign-in-delivery.js';
import { SessionDelivery } from '../../sign-in/session-delivery.js';
import { CurrentSession, type SessionState } from './current-session.service.js';
import { loginSchema, type LoginInput } from './login.schemas.js';
import { Logout } from './logout.service.js';
import { PasswordSignIn } from '../../sign-in/password-sign-in.service.js';

@AuthController()
export class LoginController {
  constructor(
    private readonly passwordSignIn: PasswordSignIn,
    private readonly signOut: Logout,
    private readonly current: CurrentSession,
    private readonly delivery: SessionDelivery,
    private readonly answers: SignInDelivery,
    private readonly csrf: CsrfProtection,
    private readonly addresses: ClientAddresses,
    private readonly locales: MailLocales,
  ) {}

  @Post('login')
  @HttpCode(200)
  @Public()
  async login(
    @Exchange() { request, response, gone }: HttpExchange,
    @Input(loginSchema) input: LoginInput,
  ): Promise<SignInAnswer> {
    this.csrf.checkOrigin(request);
    const completed = await this.passwordSignIn.signInWith({
      identifier: input.email,
      password: input.password,
      rememberMe: input.rememberMe,
      deliver: input.deliver,
      scope: input.scope,
      client: this.addresses.of(request),
      locale: this.locales.of(request),
      devices: this.delivery.devicesOf(request, input.deviceToken),
      replaces: input.deliver === 'cookie' ? this.delivery.presentedSession(request) : undefined,
      gone,
    });
    return this.answers.answer(input.deliver, { request, response, deviceToken: input.deviceToken }, completed);
  }

  @Post('logout')
  @HttpCode(204)
  @Public()
  @RateLimit('anonymous', { whenStoreIsDown: 'allow' })
  async logout(@Exchange() { request, response }: HttpExchange): Promise<void> {
    await this.signOut.signOut(request, this.addresses.of(request));
    this.delivery.withdraw(response, request);
  }

  @Get('session')
  @OptionalAuth()
  @DuringImpersonation()
  @DuringEnrolment()
  session(@CurrentPrincipal() principal: Principal | undefined): Promise<SessionState> {
    return this.current.describe(principal);
  }
}
