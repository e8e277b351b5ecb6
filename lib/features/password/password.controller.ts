import { HttpCode, Post } from '@nestjs/common';
import { AccountScope } from '../../access/account-scope.policy.js';
import { Auth } from '../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import type { Principal } from '../../common/principal.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { Input } from '../../http/input.decorator.js';
import { MailLocales } from '../../mail/mail-locales.js';
import type { SignedIn } from '../../sign-in/session-delivery.js';
import { SignInDelivery, type SignedInWithTokens } from '../../sign-in/sign-in-delivery.js';
import { OwnPassword, type NewPasswordRequest } from './own-password.service.js';
import { changeSchema, setSchema, type ChangeInput, type SetInput } from './password.schemas.js';

/** For people who are signed in. */
@AuthController('password')
@Auth({ via: ['session', 'bearer'], policy: AccountScope })
export class PasswordController {
  constructor(
    private readonly own: OwnPassword,
    private readonly answers: SignInDelivery,
    private readonly locales: MailLocales,
    private readonly addresses: ClientAddresses,
  ) {}

  /** Asks for no fresh session: the current password is the proof. */
  @Post('change')
  @HttpCode(200)
  async change(
    @CurrentPrincipal() who: Principal,
    @Exchange() exchange: HttpExchange,
    @Input(changeSchema) { currentPassword, password }: ChangeInput,
  ): Promise<SignedIn | SignedInWithTokens> {
    const completed = await this.own.change(currentPassword, this.requestOf(who, password, exchange));
    return this.answers.replace(who, exchange, completed);
  }

  @Post('set')
  @HttpCode(200)
  @Auth({ fresh: true })
  async set(
    @CurrentPrincipal() who: Principal,
    @Exchange() exchange: HttpExchange,
    @Input(setSchema) { password }: SetInput,
  ): Promise<SignedIn | SignedInWithTokens> {
    const completed = await this.own.set(this.requestOf(who, password, exchange));
    return this.answers.replace(who, exchange, completed);
  }

  private requestOf(who: Principal, password: string, { request, gone }: HttpExchange): NewPasswordRequest {
    return { who, password, client: this.addresses.of(request), locale: this.locales.of(request), gone };
  }
}
