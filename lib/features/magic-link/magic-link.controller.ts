import { HttpCode, Post } from '@nestjs/common';
import { Public } from '../../access/auth.decorators.js';
import { CsrfProtection } from '../../access/csrf-protection.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import { RateLimit } from '../../attempts/rate-limit.decorator.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { Input } from '../../http/input.decorator.js';
import { MailLocales } from '../../mail/mail-locales.js';
import { BrowserBinding } from '../../cookies/browser-binding.js';
import { TOKEN_LIFE_MS } from '../../one-time-tokens/purposes.js';
import { SessionDelivery } from '../../sign-in/session-delivery.js';
import { SignInDelivery, type SignInAnswer } from '../../sign-in/sign-in-delivery.js';
import { MagicLinkRequests } from './magic-link-requests.service.js';
import { MagicLinkSignIn, type LinkPreview } from './magic-link-sign-in.service.js';
import {
  linkPreviewSchema,
  linkRequestSchema,
  linkSignInSchema,
  type LinkPreviewInput,
  type LinkRequestInput,
  type LinkSignInInput,
} from './magic-link.schemas.js';

@AuthController('magic-link')
export class MagicLinkController {
  constructor(
    private readonly requests: MagicLinkRequests,
    private readonly links: MagicLinkSignIn,
    private readonly binding: BrowserBinding,
    private readonly delivery: SessionDelivery,
    private readonly answers: SignInDelivery,
    private readonly csrf: CsrfProtection,
    private readonly addresses: ClientAddresses,
    private readonly locales: MailLocales,
  ) {}

  @Post('request')
  @HttpCode(202)
  @Public()
  @RateLimit('magicLinkRequest')
  async request(
    @Exchange() { request, response }: HttpExchange,
    @Input(linkRequestSchema) { email }: LinkRequestInput,
  ): Promise<{ status: 'accepted' }> {
    // Otherwise another site could make this browser the one that asked for a link to the site's own account.
    this.csrf.checkOrigin(request);
    await this.requests.ask(email, {
      binding: this.binding.begin(request, response, 'request', TOKEN_LIFE_MS['magic-link']),
      devices: this.delivery.devicesOf(request),
      locale: this.locales.of(request),
      client: this.addresses.of(request),
    });
    return { status: 'accepted' };
  }

  @Post('preview')
  @HttpCode(200)
  @Public()
  @RateLimit('confirm')
  preview(
    @Exchange() { request }: HttpExchange,
    @Input(linkPreviewSchema) { token }: LinkPreviewInput,
  ): Promise<LinkPreview> {
    return this.links.preview(token, this.binding.of(request, 'request'));
  }

  @Post()
  @HttpCode(200)
  @Public()
  @RateLimit('confirm')
  async signIn(
    @Exchange() { request, response }: HttpExchange,
    @Input(linkSignInSchema) { token, deviceToken, ...input }: LinkSignInInput,
  ): Promise<SignInAnswer> {
    this.csrf.checkOrigin(request);
    const devices = this.delivery.devicesOf(request, deviceToken);
    const completed = await this.links.signInWith({
      ...input,
      token,
      client: this.addresses.of(request),
      locale: this.locales.of(request),
      deviceFor: (userId) => devices.deviceFor(userId)?.deviceId,
      replaces: input.deliver === 'cookie' ? this.delivery.presentedSession(request) : undefined,
    });
    return this.answers.answer(input.deliver, { request, response, deviceToken }, completed);
  }
}
