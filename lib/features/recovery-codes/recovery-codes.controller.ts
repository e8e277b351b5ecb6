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
import { RecoveryCodeRenewal } from './recovery-code-renewal.service.js';

@AuthController('recovery-codes')
@DuringEnrolment()
@Auth({ via: ['session', 'bearer'], policy: AccountScope })
export class RecoveryCodesController {
  constructor(
    private readonly renewal: RecoveryCodeRenewal,
    private readonly answers: SignInDelivery,
    private readonly addresses: ClientAddresses,
    private readonly locales: MailLocales,
  ) {}

  @Post()
  @HttpCode(200)
  @Auth({ fresh: true })
  async replace(
    @CurrentPrincipal() who: Principal,
    @Exchange() exchange: HttpExchange,
    @Input(noFieldsSchema) _body: object,
  ): Promise<(SignedIn | SignedInWithTokens) & { readonly recoveryCodes: readonly string[] }> {
    const { request } = exchange;
    const { renewed, recoveryCodes } = await this.renewal.renew(
      who,
      this.addresses.of(request),
      this.locales.of(request),
    );
    const answer = await this.answers.replace(who, exchange, renewed);
    return { ...answer, recoveryCodes };
  }
}
