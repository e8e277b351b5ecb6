import { Delete, HttpCode, Param, Post, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AccountScope } from '../../access/account-scope.policy.js';
import { Auth, DuringEnrolment, DuringImpersonation, OptionalAuth } from '../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import type { Principal } from '../../common/principal.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { Input } from '../../http/input.decorator.js';
import { ImpersonationDelivery, type ImpersonationAnswer } from './impersonation-delivery.service.js';
import { ImpersonationEnd } from './impersonation-end.service.js';
import { impersonationSchema, type ImpersonationInput } from './impersonation.schemas.js';
import { Impersonation } from './impersonation.service.js';

@AuthController()
export class ImpersonationController {
  constructor(
    private readonly impersonation: Impersonation,
    private readonly ending: ImpersonationEnd,
    private readonly delivery: ImpersonationDelivery,
    private readonly addresses: ClientAddresses,
    private readonly host: HttpAdapterHost,
  ) {}

  @Post('admin/users/:id/impersonate')
  @HttpCode(200)
  @Auth({ roles: ['admin'], fresh: true, via: ['session', 'bearer'], policy: AccountScope })
  async begin(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request, response }: HttpExchange,
    @Param('id') userId: string,
    @Input(impersonationSchema) { reason, minutes, deliver }: ImpersonationInput,
  ): Promise<ImpersonationAnswer> {
    const way = this.delivery.wayOf(who, deliver);
    const client = this.addresses.of(request);
    const begun = await this.impersonation.begin({ who, userId, reason, minutes, deliver: way, client });
    return this.delivery.answer(way, { request, response }, begun);
  }

  /** Answers those whose impersonation has ended by itself too: they come back all the same. */
  @Delete('impersonation')
  @OptionalAuth()
  @DuringImpersonation()
  @DuringEnrolment()
  async end(
    @CurrentPrincipal() who: Principal | undefined,
    @Exchange() { request }: HttpExchange,
    // Sent here: what Nest sends has one status for every answer.
    @Res() response: unknown,
  ): Promise<void> {
    const restored = await this.ending.end(who, { request, response, client: this.addresses.of(request) });
    this.host.httpAdapter.reply(response, restored, restored === undefined ? 204 : 200);
  }
}
