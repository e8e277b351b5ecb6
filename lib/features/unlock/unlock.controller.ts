import { HttpCode, Post } from '@nestjs/common';
import { Public } from '../../access/auth.decorators.js';
import { CsrfProtection } from '../../access/csrf-protection.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import { RateLimit } from '../../attempts/rate-limit.decorator.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { Input } from '../../http/input.decorator.js';
import { SessionDelivery } from '../../sign-in/session-delivery.js';
import { unlockSchema, type UnlockInput } from './unlock.schemas.js';
import { Unlock } from './unlock.service.js';

@AuthController('unlock')
export class UnlockController {
  constructor(
    private readonly unlocking: Unlock,
    private readonly delivery: SessionDelivery,
    private readonly csrf: CsrfProtection,
    private readonly addresses: ClientAddresses,
  ) {}

  /** The browser becomes known, so that whoever locked the account cannot lock its owner out again. */
  @Post()
  @HttpCode(204)
  @Public()
  @RateLimit('confirm')
  async unlock(
    @Exchange() { request, response }: HttpExchange,
    @Input(unlockSchema) { token }: UnlockInput,
  ): Promise<void> {
    this.csrf.checkOrigin(request);
    const userId = await this.unlocking.unlock(token, this.addresses.of(request));
    this.delivery.rememberDevice(request, response, userId);
  }
}
