import { Get, HttpCode, Post, SetMetadata } from '@nestjs/common';
import { AccountScope } from '../../access/account-scope.policy.js';
import { Auth, DuringEnrolment, Public } from '../../access/auth.decorators.js';
import { CsrfProtection } from '../../access/csrf-protection.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import type { Principal } from '../../common/principal.js';
import { BrowserBinding } from '../../cookies/browser-binding.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { INPUT_SCHEMA } from '../../http/input.decorator.js';
import { MailLocales } from '../../mail/mail-locales.js';
import { SessionDelivery } from '../../sign-in/session-delivery.js';
import { SignInDelivery, type SignInAnswer } from '../../sign-in/sign-in-delivery.js';
import { SecondFactorForm } from './second-factor-form.js';
import { SecondFactorSignIn } from './second-factor-sign-in.service.js';
import { secondFactorSchema } from './second-factor.schemas.js';

@AuthController('second-factor')
export class SecondFactorController {
  constructor(
    private readonly form: SecondFactorForm,
    private readonly signIn: SecondFactorSignIn,
    private readonly binding: BrowserBinding,
    private readonly delivery: SessionDelivery,
    private readonly answers: SignInDelivery,
    private readonly csrf: CsrfProtection,
    private readonly addresses: ClientAddresses,
    private readonly locales: MailLocales,
  ) {}

  @Post()
  @HttpCode(200)
  @Public()
  @SetMetadata(INPUT_SCHEMA, secondFactorSchema)
  async finish(@Exchange() { request, response }: HttpExchange): Promise<SignInAnswer> {
    const { deviceToken, ...presented } = await this.form.parse(request.body);
    this.csrf.checkOrigin(request);
    const { deliver, outcome } = await this.signIn.finish({
      ...presented,
      binding: this.binding.of(request, 'challenge'),
      client: this.addresses.of(request),
      locale: this.locales.of(request),
      replaces: this.delivery.presentedSession(request),
    });
    return this.answers.answer(deliver, { request, response, deviceToken }, outcome);
  }

  @Get()
  @Auth({ via: ['session', 'bearer'], policy: AccountScope })
  @DuringEnrolment()
  state(@CurrentPrincipal() { userId }: Principal): Promise<Readonly<Record<string, unknown>>> {
    return this.signIn.stateOf(userId);
  }
}
