import { HttpCode, Post } from '@nestjs/common';
import { Public } from '../../access/auth.decorators.js';
import { CsrfProtection } from '../../access/csrf-protection.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import { RateLimit } from '../../attempts/rate-limit.decorator.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { Input } from '../../http/input.decorator.js';
import { MailLocales } from '../../mail/mail-locales.js';
import { BrowserBinding } from '../../cookies/browser-binding.js';
import { CODE_LIFE_MS } from '../../mailed-codes/mailed-code.js';
import { SessionDelivery } from '../../sign-in/session-delivery.js';
import { SignInDelivery, type SignInAnswer } from '../../sign-in/sign-in-delivery.js';
import { EmailCodeRequests } from './email-code-requests.service.js';
import { EmailCodeSignIn } from './email-code-sign-in.service.js';
import {
  codeRequestSchema,
  codeSignInSchema,
  type CodeRequestInput,
  type CodeSignInInput,
} from './email-code.schemas.js';

@AuthController('email-code')
export class EmailCodeController {
  constructor(
    private readonly requests: EmailCodeRequests,
    private readonly codes: EmailCodeSignIn,
    private readonly binding: BrowserBinding,
    private readonly delivery: SessionDelivery,
    private readonly answers: SignInDelivery,
    private readonly csrf: CsrfProtection,
    private readonly addresses: ClientAddresses,
    private readonly locales: MailLocales,
  ) {}

  @Post('request')
  @HttpCode(202)
  @Public()
  @RateLimit('emailCodeRequest')
  async request(
    @Exchange() { request, response }: HttpExchange,
    @Input(codeRequestSchema) { email, deliver }: CodeRequestInput,
  ): Promise<{ challenge: string }> {
    this.csrf.checkOrigin(request);
    const challenge = await this.requests.ask(email, {
      deliver,
      binding: deliver === 'cookie' ? this.binding.begin(request, response, 'challenge', CODE_LIFE_MS) : undefined,
      devices: this.delivery.devicesOf(request),
      locale: this.locales.of(request),
      client: this.addresses.of(request),
    });
    return { challenge };
  }

  @Post()
  @HttpCode(200)
  @Public()
  async signIn(
    @Exchange() { request, response }: HttpExchange,
    @Input(codeSignInSchema) { deviceToken, ...input }: CodeSignInInput,
  ): Promise<SignInAnswer> {
    this.csrf.checkOrigin(request);
    const inBrowser = input.deliver === 'cookie';
    const completed = await this.codes.signInWith({
      ...input,
      binding: inBrowser ? this.binding.of(request, 'challenge') : undefined,
      devices: this.delivery.devicesOf(request, deviceToken),
      client: this.addresses.of(request),
      locale: this.locales.of(request),
      replaces: inBrowser ? this.delivery.presentedSession(request) : undefined,
    });
    return this.answers.answer(input.deliver, { request, response, deviceToken }, completed);
  }
}
