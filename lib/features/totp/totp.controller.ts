import { HttpCode, Post } from '@nestjs/common';
import { AccountScope } from '../../access/account-scope.policy.js';
import { Auth, DuringEnrolment } from '../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import type { Principal } from '../../common/principal.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { Input } from '../../http/input.decorator.js';
import { noFieldsSchema } from '../../http/no-fields.schema.js';
import { MailLocales } from '../../mail/mail-locales.js';
import type { SignedIn } from '../../sign-in/session-delivery.js';
import { SignInDelivery, type SignedInWithTokens } from '../../sign-in/sign-in-delivery.js';
import { TotpEnrolment, type TotpEnrolmentAnswer, type TotpRequest } from './totp-enrolment.service.js';
import { confirmSchema, type ConfirmInput } from './totp.schemas.js';

@AuthController('totp')
@DuringEnrolment()
@Auth({ via: ['session', 'bearer'], policy: AccountScope })
export class TotpController {
  constructor(
    private readonly enrolment: TotpEnrolment,
    private readonly answers: SignInDelivery,
    private readonly addresses: ClientAddresses,
    private readonly locales: MailLocales,
  ) {}

  @Post('enroll')
  @HttpCode(200)
  @Auth({ fresh: true })
  enroll(@CurrentPrincipal() who: Principal, @Input(noFieldsSchema) _body: object): Promise<TotpEnrolmentAnswer> {
    return this.enrolment.enrol(who);
  }

  /** Asks for no fresh session: a code of what this one was shown while it was is the proof. */
  @Post('confirm')
  @HttpCode(200)
  async confirm(
    @CurrentPrincipal() who: Principal,
    @Exchange() exchange: HttpExchange,
    @Input(confirmSchema) { code }: ConfirmInput,
  ): Promise<(SignedIn | SignedInWithTokens) & { readonly recoveryCodes: readonly string[] }> {
    const { renewed, recoveryCodes } = await this.enrolment.confirm(code, this.requestOf(who, exchange));
    return { ...(await this.answers.replace(who, exchange, renewed)), recoveryCodes };
  }

  @Post('disable')
  @HttpCode(200)
  @Auth({ fresh: true })
  async disable(
    @CurrentPrincipal() who: Principal,
    @Exchange() exchange: HttpExchange,
    @Input(noFieldsSchema) _body: object,
  ): Promise<SignedIn | SignedInWithTokens> {
    return this.answers.replace(who, exchange, await this.enrolment.disable(this.requestOf(who, exchange)));
  }

  private requestOf(who: Principal, { request }: HttpExchange): TotpRequest {
    return { who, client: this.addresses.of(request), locale: this.locales.of(request) };
  }
}
