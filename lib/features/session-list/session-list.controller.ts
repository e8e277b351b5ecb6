import { Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { AccountScope } from '../../access/account-scope.policy.js';
import { actorOf } from '../../access/actor.js';
import { Auth, DuringEnrolment } from '../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import type { Principal } from '../../common/principal.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { SessionDelivery } from '../../sign-in/session-delivery.js';
import { Sessions, type EndedBy, type SessionPage } from '../../sessions/sessions.service.js';
import { flag, pageSize, rowId } from '../../http/query.js';

@AuthController('sessions')
@DuringEnrolment()
@Auth({ via: ['session', 'bearer'], policy: AccountScope })
export class SessionListController {
  constructor(
    private readonly sessions: Sessions,
    private readonly delivery: SessionDelivery,
    private readonly addresses: ClientAddresses,
  ) {}

  @Get()
  list(
    @CurrentPrincipal() who: Principal,
    @Query('limit') limit: unknown,
    @Query('cursor') cursor: unknown,
  ): Promise<SessionPage> {
    const page = { limit: pageSize(limit), cursor: cursor === undefined ? undefined : rowId('cursor', cursor) };
    return this.sessions.list(who.userId, { currentId: who.sessionId, ...page });
  }

  @Delete(':id')
  @HttpCode(204)
  @Auth({ fresh: true })
  async revoke(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request, response }: HttpExchange,
    @Param('id') id: string,
  ): Promise<void> {
    await this.sessions.revoke(who.userId, id, this.by(who, request));
    if (id === who.sessionId) this.withdraw(who, response);
  }

  @Delete()
  @HttpCode(200)
  @Auth({ fresh: true })
  async revokeAll(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request, response }: HttpExchange,
    @Query('keepCurrent') keepCurrent: unknown,
  ): Promise<{ revoked: number }> {
    const by = this.by(who, request);
    if (flag('keepCurrent', keepCurrent, true)) {
      return { revoked: await this.sessions.revokeOthers(who.userId, who.sessionId, by) };
    }
    const revoked = await this.sessions.revokeAll(who.userId, by);
    this.withdraw(who, response);
    return { revoked };
  }

  private by(who: Principal, request: HttpExchange['request']): EndedBy {
    return { ...actorOf(who), client: this.addresses.of(request) };
  }

  /** The cookie beside a bearer token may be of another session, or of somebody else. */
  private withdraw({ via }: Principal, response: unknown): void {
    if (via === 'session') this.delivery.withdraw(response);
  }
}
