import { Get, HttpCode, Post } from '@nestjs/common';
import { Auth, Public } from '../../access/auth.decorators.js';
import { CsrfProtection } from '../../access/csrf-protection.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import { RateLimit } from '../../attempts/rate-limit.decorator.js';
import type { Principal } from '../../common/principal.js';
import { AuthError } from '../../errors/auth-error.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { UserDirectory, type PublicUser } from '../../users/user-directory.js';
import { SelfRegistration } from './self-registration.service.js';

@AuthController()
export class AccountsController {
  constructor(
    private readonly registration: SelfRegistration,
    private readonly users: UserDirectory,
    private readonly csrf: CsrfProtection,
    private readonly addresses: ClientAddresses,
  ) {}

  @Post('register')
  @HttpCode(202)
  @Public()
  @RateLimit('register')
  async register(@Exchange() { request, gone }: HttpExchange): Promise<{ status: 'accepted' }> {
    this.csrf.checkOrigin(request);
    const { address } = this.addresses.of(request);
    await this.registration.register((request as { body?: unknown }).body, address, gone);
    return { status: 'accepted' };
  }

  @Get('me')
  @Auth()
  async me(@CurrentPrincipal() who: Principal): Promise<PublicUser> {
    const user = await this.users.publicUser(who.userId);
    if (user === undefined) throw new AuthError('NOT_AUTHENTICATED');
    return user;
  }
}
