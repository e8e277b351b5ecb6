import { Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { AccountScope } from '../../access/account-scope.policy.js';
import { Auth } from '../../access/auth.decorators.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import { Clock } from '../../common/clock.js';
import { SECOND_MS } from '../../common/duration.js';
import type { Principal } from '../../common/principal.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { Input } from '../../http/input.decorator.js';
import { pageSize, rowId } from '../../http/query.js';
import { MailLocales } from '../../mail/mail-locales.js';
import type { ApiKeyActor } from './api-key-rows.service.js';
import type { ApiKeyPage, ApiKeyView, CreatedApiKey } from './api-key-view.js';
import { keyChangesSchema, newKeySchema, type KeyChangesInput, type NewKeyInput } from './api-keys.schemas.js';
import { ApiKeys } from './api-keys.service.js';

/** The API keys of whoever is signed in. No key makes or changes one. */
@AuthController('api-keys')
@Auth({ via: ['session', 'bearer'], policy: AccountScope })
export class ApiKeysController {
  constructor(
    private readonly keys: ApiKeys,
    private readonly addresses: ClientAddresses,
    private readonly locales: MailLocales,
    private readonly clock: Clock,
  ) {}

  @Get()
  list(
    @CurrentPrincipal() { userId }: Principal,
    @Query('limit') limit: unknown,
    @Query('cursor') cursor: unknown,
  ): Promise<ApiKeyPage> {
    return this.keys.list(userId, {
      limit: pageSize(limit),
      cursor: cursor === undefined ? undefined : rowId('cursor', cursor),
    });
  }

  @Post()
  @Auth({ fresh: true })
  create(
    @CurrentPrincipal() who: Principal,
    @Exchange() exchange: HttpExchange,
    @Input(newKeySchema) { expiresIn, expiresAt, ...key }: NewKeyInput,
  ): Promise<CreatedApiKey> {
    const end = expiresIn === undefined ? expiresAt : new Date(this.clock.now() + expiresIn * SECOND_MS);
    return this.keys.create(who.userId, { ...key, expiresAt: end }, this.by(who, exchange));
  }

  @Patch(':id')
  @Auth({ fresh: true })
  update(
    @CurrentPrincipal() who: Principal,
    @Exchange() exchange: HttpExchange,
    @Param('id') id: string,
    @Input(keyChangesSchema) changes: KeyChangesInput,
  ): Promise<ApiKeyView> {
    return this.keys.update(who.userId, id, changes, this.by(who, exchange));
  }

  @Delete(':id')
  @HttpCode(204)
  @Auth({ fresh: true })
  revoke(
    @CurrentPrincipal() who: Principal,
    @Exchange() exchange: HttpExchange,
    @Param('id') id: string,
  ): Promise<void> {
    return this.keys.revoke(who.userId, id, this.by(who, exchange));
  }

  @Delete()
  @HttpCode(200)
  @Auth({ fresh: true })
  async revokeAll(
    @CurrentPrincipal() who: Principal,
    @Exchange() exchange: HttpExchange,
  ): Promise<{ readonly revoked: number }> {
    return { revoked: await this.keys.revokeAll(who.userId, this.by(who, exchange)) };
  }

  private by({ userId, sessionId, scopes }: Principal, { request }: HttpExchange): ApiKeyActor {
    return {
      actorId: userId,
      sessionId,
      scopes,
      client: this.addresses.of(request),
      locale: this.locales.of(request),
    };
  }
}
