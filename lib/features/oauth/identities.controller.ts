import { Delete, Get, HttpCode, Param } from '@nestjs/common';
import { AccountScope } from '../../access/account-scope.policy.js';
import { Auth } from '../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import type { Principal } from '../../common/principal.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { MailLocales } from '../../mail/mail-locales.js';
import type { SignedIn } from '../../sign-in/session-delivery.js';
import { SignInDelivery, type SignedInWithTokens } from '../../sign-in/sign-in-delivery.js';
import { Identities, type IdentityView } from './identities.service.js';
import { IdentityLinks } from './identity-links.service.js';

@AuthController('identities')
@Auth({ via: ['session', 'bearer'], policy: AccountScope })
export class IdentitiesController {
  constructor(
    private readonly identities: Identities,
    private readonly links: IdentityLinks,
    private readonly answers: SignInDelivery,
    private readonly addresses: ClientAddresses,
    private readonly locales: MailLocales,
  ) {}

  @Get()
  async list(@CurrentPrincipal() who: Principal): Promise<{ items: readonly IdentityView[]; nextCursor: null }> {
    return { items: await this.identities.list(who.userId), nextCursor: null };
  }

  @Delete(':id')
  @HttpCode(200)
  @Auth({ fresh: true })
  async unlink(
    @CurrentPrincipal() who: Principal,
    @Param('id') id: string,
    @Exchange() { request, response }: HttpExchange,
  ): Promise<SignedIn | SignedInWithTokens> {
    const client = this.addresses.of(request);
    const renewed = await this.links.unlink(who, id, client, this.locales.of(request));
    return this.answers.replace(who, { request, response }, renewed);
  }
}
