import { HttpCode, Post } from '@nestjs/common';
import { AccountScope } from '../../access/account-scope.policy.js';
import { Auth, Public } from '../../access/auth.decorators.js';
import { CsrfProtection } from '../../access/csrf-protection.js';
import { CurrentPrincipal } from '../../access/principal.decorators.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import { RateLimit } from '../../attempts/rate-limit.decorator.js';
import type { Principal } from '../../common/principal.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { Input } from '../../http/input.decorator.js';
import { Keyring } from '../../keys/keyring.js';
import { askingBrowser } from '../../mail/asking-browser.js';
import { MailLocales } from '../../mail/mail-locales.js';
import { MailRequests } from '../../mail/mail-requests.service.js';
import { SessionDelivery } from '../../sign-in/session-delivery.js';
import { EmailChange, type MailOrigin } from './email-change.service.js';
import { EmailVerification } from './email-verification.service.js';
import {
  addressSchema,
  tokenSchema,
  verifySchema,
  type AddressInput,
  type TokenInput,
  type VerifyInput,
} from './email.schemas.js';

interface Accepted {
  readonly status: 'accepted';
}

const ACCEPTED: Accepted = { status: 'accepted' };

@AuthController('email')
export class EmailController {
  constructor(
    private readonly verification: EmailVerification,
    private readonly emailChange: EmailChange,
    private readonly mail: MailRequests,
    private readonly locales: MailLocales,
    private readonly delivery: SessionDelivery,
    private readonly keyring: Keyring,
    private readonly csrf: CsrfProtection,
    private readonly addresses: ClientAddresses,
  ) {}

  @Post('verify/request')
  @HttpCode(202)
  @Public()
  @RateLimit('verifyRequest')
  async requestVerification(
    @Exchange() { request }: HttpExchange,
    @Input(addressSchema) { email }: AddressInput,
  ): Promise<Accepted> {
    this.csrf.checkOrigin(request);
    const { client, locale } = this.originOf(request);
    const data = askingBrowser(this.delivery.devicesOf(request));
    const identifier = this.keyring.identifierDigest(email);
    const letter = { kind: 'verify-request', address: email, locale, data } as const;
    await this.mail.ask(letter, { type: 'email.verification_requested', client, identifier });
    return ACCEPTED;
  }

  @Post('verify')
  @HttpCode(204)
  @Public()
  @RateLimit('confirm')
  async verify(
    @Exchange() { request, gone }: HttpExchange,
    @Input(verifySchema) { token, password }: VerifyInput,
  ): Promise<void> {
    this.csrf.checkOrigin(request);
    await this.verification.verify({ token, password, client: this.addresses.of(request), gone });
  }

  @Post('change/request')
  @HttpCode(202)
  @Auth({ fresh: true, via: ['session', 'bearer'], policy: AccountScope })
  async requestChange(
    @CurrentPrincipal() who: Principal,
    @Exchange() { request }: HttpExchange,
    @Input(addressSchema) { email }: AddressInput,
  ): Promise<Accepted> {
    await this.emailChange.request(who, email, this.originOf(request));
    return ACCEPTED;
  }

  @Post('change')
  @HttpCode(204)
  @Public()
  @RateLimit('confirm')
  async change(@Exchange() { request }: HttpExchange, @Input(tokenSchema) { token }: TokenInput): Promise<void> {
    this.csrf.checkOrigin(request);
    await this.emailChange.confirm(token, this.originOf(request));
  }

  private originOf(request: HttpExchange['request']): MailOrigin {
    return { client: this.addresses.of(request), locale: this.locales.of(request) };
  }
}
