import { Delete, Get, HttpCode, Param, Patch, Post, Query, SetMetadata } from '@nestjs/common';
import { AccountScope } from '../../../access/account-scope.policy.js';
import { Auth } from '../../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../../access/principal.decorators.js';
import type { AccountDetails, AccountPage } from '../../../accounts/account-view.js';
import { Accounts } from '../../../accounts/accounts.service.js';
import { ClientAddresses } from '../../../attempts/client-addresses.service.js';
import type { Principal } from '../../../common/principal.js';
import { AuthController } from '../../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../../http/exchange.decorator.js';
import { Input, INPUT_SCHEMA } from '../../../http/input.decorator.js';
import { noFieldsSchema } from '../../../http/no-fields.schema.js';
import { ADMINISTRATOR } from '../../../roles/administrator.js';
import { actedBy, requireSomebodyElse } from './acting.js';
import { changeUserSchema, createUserSchema, UserForm } from './user-form.js';
import { UserAdministration } from './user-administration.service.js';
import { accountQuery } from './users.schemas.js';

/** Users, for administrators. None of these takes a password: the owner is mailed a link. */
@AuthController('admin/users')
@Auth({ roles: [ADMINISTRATOR], via: ['session', 'bearer'], policy: AccountScope })
export class UsersController {
  constructor(
    private readonly form: UserForm,
    private readonly administration: UserAdministration,
    private readonly accounts: Accounts,
    private readonly addresses: ClientAddresses,
  ) {}

  @Get()
  list(@Query() parameters: Record<string, unknown>): Promise<AccountPage> {
    return this.accounts.list(accountQuery(parameters));
  }

  @Post()
  @HttpCode(201)
  @Auth({ fresh: true })
  @SetMetadata(INPUT_SCHEMA, createUserSchema)
  async create(@CurrentPrincipal() who: Principal, @Exchange() { request }: HttpExchange): Promise<AccountDetails> {
    const user = await this.form.parseNew(request.body);
    return this.administration.create(user, actedBy(who, this.addresses.of(request)));
  }

  @Get(':id')
  read(@Param('id') id: string): Promise<AccountDetails> {
    return this.administration.read(id);
  }

  @Patch(':id')
  @Auth({ fresh: true })
  @SetMetadata(INPUT_SCHEMA, changeUserSchema)
  async change(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Param('id') id: string,
  ): Promise<AccountDetails> {
    requireSomebodyElse(who, id);
    const change = await this.form.parseChange(request.body);
    return this.administration.change(id, change, actedBy(who, this.addresses.of(request)));
  }

  @Delete(':id')
  @HttpCode(204)
  @Auth({ fresh: true })
  async delete(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Param('id') id: string,
  ): Promise<void> {
    requireSomebodyElse(who, id);
    await this.accounts.delete(id, actedBy(who, this.addresses.of(request)));
  }

  @Post(':id/password-reset')
  @HttpCode(202)
  @Auth({ fresh: true })
  async resetPassword(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Param('id') id: string,
    @Input(noFieldsSchema) _input: unknown,
  ): Promise<{ status: 'accepted' }> {
    requireSomebodyElse(who, id);
    await this.accounts.sendPasswordLink(id, actedBy(who, this.addresses.of(request)));
    return { status: 'accepted' };
  }
}
