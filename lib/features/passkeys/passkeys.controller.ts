import { Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
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
import { PasskeyManagement } from './passkey-management.service.js';
import { PasskeyRegistration, type PasskeyChange } from './passkey-registration.service.js';
import { viewOf, type PasskeyView } from './passkey-view.js';
import { registrationSchema, renamingSchema, type RegistrationInput, type RenamingInput } from './passkeys.schemas.js';
import { Passkeys } from './passkeys.service.js';

/** The passkeys of whoever is signed in. */
@AuthController('passkeys')
@DuringEnrolment()
@Auth({ via: ['session', 'bearer'], policy: AccountScope })
export class PasskeysController {
  constructor(
    private readonly passkeys: Passkeys,
    private readonly registration: PasskeyRegistration,
    private readonly management: PasskeyManagement,
    private readonly answers: SignInDelivery,
    private readonly addresses: ClientAddresses,
    private readonly locales: MailLocales,
  ) {}

  @Get()
  async list(
    @CurrentPrincipal() { userId }: Principal,
  ): Promise<{ readonly items: readonly PasskeyView[]; readonly nextCursor: null }> {
    return { items: (await this.passkeys.of(userId)).map(viewOf), nextCursor: null };
  }

  @Post('registration/options')
  @HttpCode(200)
  @Auth({ fresh: true })
  begin(
    @CurrentPrincipal() who: Principal,
    @Input(noFieldsSchema) _body: object,
  ): Promise<PublicKeyCredentialCreationOptionsJSON> {
    return this.registration.begin(who);
  }

  @Post('registration')
  @HttpCode(200)
  @Auth({ fresh: true })
  async add(
    @CurrentPrincipal() who: Principal,
    @Exchange() exchange: HttpExchange,
    @Input(registrationSchema) { passkey: answer, name }: RegistrationInput,
  ): Promise<(SignedIn | SignedInWithTokens) & { readonly passkey: PasskeyView }> {
    const { renewed, passkey } = await this.registration.finish({ ...this.changeOf(who, exchange), answer, name });
    return { ...(await this.answers.replace(who, exchange, renewed)), passkey: viewOf(passkey) };
  }

  @Patch(':id')
  async rename(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Param('id') id: string,
    @Input(renamingSchema) { name }: RenamingInput,
  ): Promise<PasskeyView> {
    return viewOf(await this.management.rename(id, name, who, this.addresses.of(request)));
  }

  @Delete(':id')
  @HttpCode(200)
  @Auth({ fresh: true })
  async remove(
    @CurrentPrincipal() who: Principal,
    @Exchange() exchange: HttpExchange,
    @Param('id') id: string,
  ): Promise<SignedIn | SignedInWithTokens> {
    return this.answers.replace(who, exchange, await this.management.remove(id, this.changeOf(who, exchange)));
  }

  private changeOf(who: Principal, { request }: HttpExchange): PasskeyChange {
    return { who, client: this.addresses.of(request), locale: this.locales.of(request) };
  }
}
