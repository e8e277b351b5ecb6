import { Injectable } from '@nestjs/common';
import { SessionReader, type AuthRequest } from '../../access/credential-source.js';
import { StepUpMethods } from '../../access/step-up-methods.js';
import { Principal } from '../../common/principal.js';
import { AuthError } from '../../errors/auth-error.js';
import type { FlowOwner, OAuthFlow } from './oauth-flow.js';
import { OAuthFlows } from './oauth-flows.service.js';
import { OAuthReauthentication } from './oauth-reauthentication.service.js';
import { invalid, type LinkInput, type StartInput } from './oauth.schemas.js';
import { NativeSignIn } from './native-sign-in.service.js';
import { ProviderExchange } from './provider-exchange.service.js';
import { RedirectUris } from './redirect-uris.service.js';
import { ReturnTargets } from './return-targets.service.js';

/** Begins flows: what a request asks for, checked before the provider is. */
@Injectable()
export class OAuthStart {
  constructor(
    private readonly flows: OAuthFlows,
    private readonly exchange: ProviderExchange,
    private readonly uris: RedirectUris,
    private readonly targets: ReturnTargets,
    private readonly sessions: SessionReader,
    private readonly reauthentication: OAuthReauthentication,
    private readonly stepUp: StepUpMethods,
    private readonly native: NativeSignIn,
  ) {}

  /** Throws `NOT_FOUND` (404), `VALIDATION_FAILED` (400); for `reauthenticate` also `NOT_AUTHENTICATED`, `REAUTHENTICATION_REQUIRED`. */
  async flowFor(provider: string, input: StartInput, request: AuthRequest): Promise<OAuthFlow> {
    this.refuseUnknown(provider);
    const frame = { provider, redirectUri: this.uris.of(provider), rememberMe: input.remember === '1' };
    if (input.reauthenticate === undefined) return this.flows.describe({ ...frame, ...this.signInOf(input) });
    if (!this.exchange.tellsWhen(provider)) {
      throw invalid('reauthenticate', 'unsupported', 'This provider does not say when somebody has signed in there.');
    }
    const owner = await this.ownerIn(request);
    return this.flows.describe({ ...frame, purpose: 'reauthenticate', returnTo: this.pageOf(input), owner });
  }

  /** Throws `NOT_FOUND` (404), `VALIDATION_FAILED` (400). */
  linkFor(provider: string, input: LinkInput, { userId, sessionId, via }: Principal): OAuthFlow {
    this.refuseUnknown(provider);
    return this.flows.describe({
      provider,
      redirectUri: this.uris.of(provider),
      purpose: 'link',
      returnTo: this.pageOf(input),
      rememberMe: false,
      owner: { userId, sessionId, inCookie: via === 'session' },
    });
  }

  private signInOf(input: StartInput): Pick<OAuthFlow, 'purpose' | 'returnTo' | 'codeChallenge' | 'scope'> {
    const { deliver, code_challenge: codeChallenge, returnTo, scope } = input;
    if (deliver === 'cookie') {
      if (codeChallenge !== undefined) throw invalid('code_challenge', 'unknown', 'This is for deliver=tokens.');
      return { purpose: 'sign-in', returnTo: this.pageOf(input) };
    }
    if (codeChallenge === undefined) throw invalid('code_challenge', 'required', 'This field is required.');
    this.native.refuseUnknownScopes(scope);
    const target = returnTo === undefined ? undefined : this.targets.native(returnTo);
    if (target === undefined) throw invalid('returnTo', 'format', 'This is not one of oauth.nativeRedirects.');
    return { purpose: 'sign-in', returnTo: target, codeChallenge, ...(scope === undefined ? {} : { scope }) };
  }

  private pageOf({ returnTo }: LinkInput): string {
    const page = this.targets.page(returnTo);
    if (page !== undefined) return page;
    throw invalid('returnTo', 'format', 'This is neither a path of the application nor a page of a listed origin.');
  }

  private async ownerIn(request: AuthRequest): Promise<FlowOwner> {
    const reading = await this.sessions.fromCookie(request);
    const principal = reading.status === 'live' ? reading.principal : undefined;
    if (!(principal instanceof Principal)) throw new AuthError('NOT_AUTHENTICATED');
    const { userId, sessionId } = principal;
    if (await this.reauthentication.isTooWeakFor(userId)) {
      const methods = await this.stepUp.methodsOf(userId);
      throw new AuthError('REAUTHENTICATION_REQUIRED', { details: { methods } });
    }
    return { userId, sessionId, inCookie: true };
  }

  private refuseUnknown(provider: string): void {
    if (!this.exchange.has(provider)) throw new AuthError('NOT_FOUND');
  }
}
