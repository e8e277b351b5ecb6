import { Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { AccountScope } from '../../../access/account-scope.policy.js';
import { actorOf } from '../../../access/actor.js';
import { Auth } from '../../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../../access/principal.decorators.js';
import { ClientAddresses } from '../../../attempts/client-addresses.service.js';
import type { Principal } from '../../../common/principal.js';
import { AuthController } from '../../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../../http/exchange.decorator.js';
import { Input } from '../../../http/input.decorator.js';
import { pageSize, rowId } from '../../../http/query.js';
import type { IpRulePage, IpRuleView } from './ip-rule-view.js';
import { ipRuleSchema, type IpRuleInput } from './ip-rules.schemas.js';
import { IpRules } from './ip-rules.service.js';

@AuthController('admin/ip-rules')
@Auth({ roles: ['admin'], via: ['session', 'bearer'], policy: AccountScope })
export class IpRulesController {
  constructor(
    private readonly rules: IpRules,
    private readonly addresses: ClientAddresses,
  ) {}

  @Get()
  list(@Query('limit') limit: unknown, @Query('cursor') cursor: unknown): Promise<IpRulePage> {
    return this.rules.list({
      limit: pageSize(limit),
      cursor: cursor === undefined ? undefined : rowId('cursor', cursor),
    });
  }

  @Post()
  @HttpCode(201)
  @Auth({ fresh: true })
  add(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Input(ipRuleSchema) input: IpRuleInput,
  ): Promise<IpRuleView> {
    return this.rules.add(input, { ...actorOf(who), client: this.addresses.of(request) });
  }

  @Delete(':id')
  @HttpCode(204)
  @Auth({ fresh: true })
  remove(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Param('id') id: string,
  ): Promise<void> {
    return this.rules.remove(id, { ...actorOf(who), client: this.addresses.of(request) });
  }
}
