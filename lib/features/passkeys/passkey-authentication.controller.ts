import { HttpCode, Post } from '@nestjs/common';
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import { AccountScope } from '../../access/account-scope.policy.js';
import { Public } from '../../access/auth.decorators.js';
import { callSiteOfRequest } from '../../access/call-site.js';
import { CsrfProtection } from '../../access/csrf-protection.js';
import { principalIn, Principals } from '../../access/principals.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import type { Principal } from '../../common/principal.js';
import { BrowserBinding } from '../../cookies/browser-binding.js';
import { AuthError } from '../../errors/auth-error.js';
import { AuthController } from '../../http/auth-controller.decorator.js';
import { Exchange, type HttpExchange } from '../../http/exchange.decorator.js';
import { Input } from '../../http/input.decorator.js';
import { MailLocales } from '../../mail/mail-locales.js';
import { SessionDelivery } from '../../sign-in/session-delivery.js';
import { SignInDelivery, type SignInAnswer } from '../../sign-in/sign-in-delivery.js';
import { CHALLENGE_LIFE_MS } from './passkey-challenges.service.js';
import { PasskeyRequests } from './passkey-requests.service.js';
import { PasskeySignIn } from './passkey-sign-in.service.js';
import {
  passkeySignInSchema,
  requestOptionsSchema,
  type PasskeySignInInput,
  type RequestOptionsInput,
} from './passkeys.schemas.js';

const ONE_OF = 'Send either the challenge of a sign-in that waits, or reauthenticate.';

/** Signing in by a passkey, and what any use of one begins with. */
@AuthController('passkeys/authentication')
export class PasskeyAuthenticationController {
  constructor(
    private readonly requests: PasskeyRequests,
    private readonly passkeys: PasskeySignIn,
    private readonly principals: Principals,
    private readonly scope: AccountScope,
    private readonly binding: BrowserBinding,
    private readonly delivery: SessionDelivery,
    private readonly answers: SignInDelivery,
    private readonly csrf: CsrfProtection,
    private readonly addresses: ClientAddresses,
    private readonly locales: MailLocales,
  ) {}

  /** Looks at a session or token only where it is asked to: a stale one keeps nobody from signing in. */
  @Post('options')
  @HttpCode(200)
  @Public()
  async options(
    @Exchange() { request, response }: HttpExchange,
    @Input(requestOptionsSchema) { challenge, deliver, reauthenticate }: RequestOptionsInput,
  ): Promise<PublicKeyCredentialRequestOptionsJSON> {
    this.csrf.checkOrigin(request);
    if (reauthenticate) {
      if (challenge !== undefined) {
        const details = [{ field: 'challenge', rule: 'exactlyOne', message: ONE_OF }];
        throw new AuthError('VALIDATION_FAILED', { details });
      }
      return this.requests.forReauthentication(await this.signedIn(request));
    }
    if (challenge !== undefined) {
      return this.requests.forSecondFactor(challenge, deliver, this.binding.of(request, 'challenge'));
    }
    const inBrowser = deliver !== 'tokens';
    const binding = inBrowser ? this.binding.begin(request, response, 'challenge', CHALLENGE_LIFE_MS) : undefined;
    return this.requests.forSignIn(deliver ?? 'cookie', binding);
  }

  @Post()
  @HttpCode(200)
  @Public()
  async signIn(
    @Exchange() { request, response }: HttpExchange,
    @Input(passkeySignInSchema) { passkey: answer, deviceToken, ...input }: PasskeySignInInput,
  ): Promise<SignInAnswer> {
    this.csrf.checkOrigin(request);
    const inBrowser = input.deliver === 'cookie';
    const outcome = await this.passkeys.signInWith({
      ...input,
      answer,
      binding: inBrowser ? this.binding.of(request, 'challenge') : undefined,
      devices: this.delivery.devicesOf(request, deviceToken),
      client: this.addresses.of(request),
      locale: this.locales.of(request),
      replaces: inBrowser ? this.delivery.presentedSession(request) : undefined,
    });
    return this.answers.answer(input.deliver, { request, response, deviceToken }, outcome);
  }

  private async signedIn(request: HttpExchange['request']): Promise<Principal> {
    const outcome = await this.principals.outcomeOf(callSiteOfRequest(request), { checksSession: true });
    const who = principalIn(outcome);
    if (who === undefined) throw new AuthError('NOT_AUTHENTICATED', { headers: { 'WWW-Authenticate': 'Bearer' } });
    this.scope.allows(who);
    return who;
  }
}
