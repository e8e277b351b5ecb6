import { Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { AccountScope } from '../../../access/account-scope.policy.js';
import { Auth } from '../../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../../access/principal.decorators.js';
import type { ActedBy } from '../../../accounts/acted-by.js';
import type { LockStatus } from '../../../accounts/account-view.js';
import { Accounts } from '../../../accounts/accounts.service.js';
import { ClientAddresses } from '../../../attempts/client-addresses.service.js';
import type { Principal } from '../../../common/principal.js';
import { AuthController } from '../../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../../http/exchange.decorator.js';
import { Input } from '../../../http/input.decorator.js';
import { pageSize, rowId } from '../../../http/query.js';
import { ADMINISTRATOR } from '../../../roles/administrator.js';
import { RoleDirectory, type AssignedRole } from '../../../roles/role-directory.service.js';
import { Sessions, type SessionPage } from '../../../sessions/sessions.service.js';
import { actedBy, requireSomebodyElse } from './acting.js';
import { UserForm } from './user-form.js';
import { UserAdministration } from './user-administration.service.js';
import { lockSchema, roleSchema, type LockInput, type RoleInput } from './users.schemas.js';

/** What a user may do, and where the user is signed in. */
@AuthController('admin/users/:id')
@Auth({ roles: [ADMINISTRATOR], via: ['session', 'bearer'], policy: AccountScope })
export class UserAccessController {
  constructor(
    private readonly accounts: Accounts,
    private readonly administration: UserAdministration,
    private readonly sessions: Sessions,
    private readonly roles: RoleDirectory,
    private readonly form: UserForm,
    private readonly addresses: ClientAddresses,
  ) {}

  @Get('lock')
  lockStatus(@Param('id') id: string): Promise<LockStatus> {
    return this.accounts.lockStatus(id);
  }

  @Post('lock')
  @HttpCode(204)
  @Auth({ fresh: true })
  async lock(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Param('id') id: string,
    @Input(lockSchema) { reason }: LockInput,
  ): Promise<void> {
    await this.accounts.disable(id, this.by(who, id, request), reason || undefined);
  }

  @Delete('lock')
  @HttpCode(204)
  @Auth({ fresh: true })
  async unlock(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Param('id') id: string,
  ): Promise<void> {
    await this.administration.unlock(id, this.by(who, id, request));
  }

  @Get('sessions')
  async listSessions(
    @CurrentPrincipal() who: Principal,
    @Param('id') id: string,
    @Query('limit') limit: unknown,
    @Query('cursor') cursor: unknown,
  ): Promise<SessionPage> {
    const page = { limit: pageSize(limit), cursor: cursor === undefined ? undefined : rowId('cursor', cursor) };
    await this.administration.requireUser(id);
    return this.sessions.list(id, { currentId: who.sessionId, ...page });
  }

  @Delete('sessions')
  @HttpCode(200)
  @Auth({ fresh: true })
  async revokeSessions(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Param('id') id: string,
  ): Promise<{ revoked: number }> {
    const by = this.by(who, id, request);
    await this.administration.requireUser(id);
    return { revoked: await this.sessions.revokeAll(id, by) };
  }

  @Delete('sessions/:sessionId')
  @HttpCode(204)
  @Auth({ fresh: true })
  async revokeSession(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Param('id') id: string,
    @Param('sessionId') sessionId: string,
  ): Promise<void> {
    const by = this.by(who, id, request);
    await this.administration.requireUser(id);
    await this.sessions.revoke(id, sessionId, by);
  }

  @Get('roles')
  async listRoles(@Param('id') id: string): Promise<{ items: readonly AssignedRole[]; nextCursor: null }> {
    await this.administration.requireUser(id);
    return { items: await this.roles.of(id), nextCursor: null };
  }

  @Post('roles')
  @HttpCode(204)
  @Auth({ fresh: true })
  async assignRole(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Param('id') id: string,
    @Input(roleSchema) { role }: RoleInput,
  ): Promise<void> {
    const by = this.by(who, id, request);
    this.form.checkDeclared([role], 'role');
    await this.accounts.assignRole(id, role, by);
  }

  @Delete('roles/:role')
  @HttpCode(204)
  @Auth({ fresh: true })
  async removeRole(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Param('id') id: string,
    @Param('role') role: string,
  ): Promise<void> {
    await this.accounts.removeRole(id, role, this.by(who, id, request));
  }

  private by(who: Principal, id: string, request: HttpExchange['request']): ActedBy {
    requireSomebodyElse(who, id);
    return actedBy(who, this.addresses.of(request));
  }
}
