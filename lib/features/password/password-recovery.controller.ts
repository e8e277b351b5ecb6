import { HttpCode, Post } from '@nestjs/common';
import { Public } from '../../access/auth.decorators.js';
import { CsrfProtection } from '../../access/csrf-protection.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import { RateLimit } from '../../attempts/rate-limit.decorator.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { Input } from '../../http/input.decorator.js';
import { Keyring } from '../../keys/keyring.js';
import { askingBrowser } from '../../mail/asking-browser.js';
import { MailLocales } from '../../mail/mail-locales.js';
import { MailRequests } from '../../mail/mail-requests.service.js';
import { SessionDelivery } from '../../sign-in/session-delivery.js';
import { PasswordReset } from './password-reset.service.js';
import { forgotSchema, resetSchema, type ForgotInput, type ResetInput } from './password.schemas.js';

/** For people who cannot sign in. */
@AuthController('password')
@Public()
export class PasswordRecoveryController {
  constructor(
    private readonly passwordReset: PasswordReset,
    private readonly mail: MailRequests,
    private readonly locales: MailLocales,
    private readonly delivery: SessionDelivery,
    private readonly keyring: Keyring,
    private readonly csrf: CsrfProtection,
    private readonly addresses: ClientAddresses,
  ) {}

  @Post('forgot')
  @HttpCode(202)
  @RateLimit('passwordForgot')
  async forgot(
    @Exchange() { request }: HttpExchange,
    @Input(forgotSchema) { email }: ForgotInput,
  ): Promise<{ status: 'accepted' }> {
    this.csrf.checkOrigin(request);
    await this.mail.ask(
      {
        kind: 'password-forgot',
        address: email.trim(),
        locale: this.locales.of(request),
        data: askingBrowser(this.delivery.devicesOf(request)),
      },
      {
        type: 'password.reset_requested',
        client: this.addresses.of(request),
        identifier: this.keyring.identifierDigest(email),
      },
    );
    return { status: 'accepted' };
  }

  @Post('reset')
  @HttpCode(204)
  @RateLimit('confirm')
  async reset(
    @Exchange() { request, response, gone }: HttpExchange,
    @Input(resetSchema) { token, password }: ResetInput,
  ): Promise<void> {
    this.csrf.checkOrigin(request);
    const client = this.addresses.of(request);
    const locale = this.locales.of(request);
    const userId = await this.passwordReset.reset({ token, password, client, locale, gone });
    this.delivery.rememberDevice(request, response, userId);
  }
}
