import { Delete, Get, HttpCode, Patch, Post, SetMetadata } from '@nestjs/common';
import { AccountScope } from '../../access/account-scope.policy.js';
import { Auth, DuringImpersonation, DuringEnrolment, Public } from '../../access/auth.decorators.js';
import { CsrfProtection } from '../../access/csrf-protection.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import { RateLimit } from '../../attempts/rate-limit.decorator.js';
import type { Principal } from '../../common/principal.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { INPUT_SCHEMA } from '../../http/input.decorator.js';
import { MailLocales } from '../../mail/mail-locales.js';
import { SessionDelivery } from '../../sign-in/session-delivery.js';
import type { PublicUser } from '../../users/user-directory.js';
import { Accounts } from '../../accounts/accounts.service.js';
import { Profile } from './profile.service.js';
import { registrationSchema } from './registration-form.js';
import { SelfRegistration } from './self-registration.service.js';

@AuthController()
export class AccountsController {
  constructor(
    private readonly registration: SelfRegistration,
    private readonly profile: Profile,
    private readonly accounts: Accounts,
    private readonly delivery: SessionDelivery,
    private readonly csrf: CsrfProtection,
    private readonly addresses: ClientAddresses,
    private readonly locales: MailLocales,
  ) {}

  @Post('register')
  @HttpCode(202)
  @Public()
  @RateLimit('register')
  @SetMetadata(INPUT_SCHEMA, registrationSchema)
  async register(@Exchange() { request, gone }: HttpExchange): Promise<{ status: 'accepted' }> {
    this.csrf.checkOrigin(request);
    await this.registration.register({
      body: request.body,
      client: this.addresses.of(request),
      locale: this.locales.of(request),
      devices: this.delivery.devicesOf(request),
      gone,
    });
    return { status: 'accepted' };
  }

  @Get('me')
  @Auth()
  @DuringImpersonation()
  @DuringEnrolment()
  me(@CurrentPrincipal() who: Principal): Promise<PublicUser> {
    return this.profile.read(who.userId);
  }

  @Patch('me')
  @Auth({ via: ['session', 'bearer'], policy: AccountScope })
  change(@CurrentPrincipal() who: Principal, @Exchange() { request }: HttpExchange): Promise<PublicUser> {
    const [client, locale] = [this.addresses.of(request), this.locales.of(request)];
    return this.profile.change(request.body, { who, client, locale });
  }

  @Delete('me')
  @HttpCode(204)
  @Auth({ fresh: true, via: ['session', 'bearer'], policy: AccountScope })
  async delete(@CurrentPrincipal() who: Principal, @Exchange() { request, response }: HttpExchange): Promise<void> {
    await this.accounts.delete(who.userId, { actorId: who.userId, client: this.addresses.of(request) });
    if (who.via === 'session') this.delivery.withdraw(response);
  }
}
