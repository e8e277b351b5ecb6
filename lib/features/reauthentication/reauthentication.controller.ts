import { HttpCode, Post, SetMetadata } from '@nestjs/common';
import { AccountScope } from '../../access/account-scope.policy.js';
import { Auth, DuringEnrolment } from '../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import type { Principal } from '../../common/principal.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { INPUT_SCHEMA, Input } from '../../http/input.decorator.js';
import { noFieldsSchema } from '../../http/no-fields.schema.js';
import { MailLocales } from '../../mail/mail-locales.js';
import type { SignedIn } from '../../sign-in/session-delivery.js';
import { SignInDelivery, type SignedInWithTokens } from '../../sign-in/sign-in-delivery.js';
import { ReauthenticationCodes } from './reauthentication-codes.service.js';
import { ReauthenticationForm } from './reauthentication-form.js';
import { reauthenticationSchema } from './reauthentication.schemas.js';
import { Reauthenticator } from './reauthenticator.service.js';

@AuthController('reauthenticate')
@DuringEnrolment()
@Auth({ via: ['session', 'bearer'], policy: AccountScope })
export class ReauthenticationController {
  constructor(
    private readonly form: ReauthenticationForm,
    private readonly reauthenticator: Reauthenticator,
    private readonly codes: ReauthenticationCodes,
    private readonly answers: SignInDelivery,
    private readonly addresses: ClientAddresses,
    private readonly locales: MailLocales,
  ) {}

  @Post()
  @HttpCode(200)
  @SetMetadata(INPUT_SCHEMA, reauthenticationSchema)
  async reauthenticate(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request, response, gone }: HttpExchange,
  ): Promise<SignedIn | SignedInWithTokens> {
    const { proof, fields, deviceToken } = await this.form.parse(request.body);
    const client = this.addresses.of(request);
    const locale = this.locales.of(request);
    const completed = await this.reauthenticator.reauthenticate({ who, proof, fields, client, locale, gone });
    return this.answers.replace(who, { request, response, deviceToken }, completed);
  }

  @Post('email-code')
  @HttpCode(202)
  async code(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Input(noFieldsSchema) _body: object,
  ): Promise<{ challenge: string }> {
    return { challenge: await this.codes.ask(who, this.addresses.of(request), this.locales.of(request)) };
  }
}
