import { Injectable } from '@nestjs/common';
import { SessionReader, type AuthRequest } from '../../access/credential-source.js';
import { ClientAddresses } from '../../attempts/client-addresses.service.js';
import type { AddressedRequest } from '../../common/client-address.js';
import { Principal } from '../../common/principal.js';
import { MailLocales } from '../../mail/mail-locales.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { SessionDelivery } from '../../sign-in/session-delivery.js';
import { SignInDelivery } from '../../sign-in/sign-in-delivery.js';
import type { AwaitedFactor, CompletedSignIn } from '../../sign-in/sign-in.service.js';
import type { Arrival } from './arrival.js';
import { IdentityLinks } from './identity-links.service.js';
import { NativeSignIn } from './native-sign-in.service.js';
import type { FlowOwner, OAuthFlow } from './oauth-flow.js';
import { OAuthFailures } from './oauth-failures.service.js';
import { OAuthFlows } from './oauth-flows.service.js';
import { OAuthReauthentication } from './oauth-reauthentication.service.js';
import { OAuthSignIn } from './oauth-sign-in.service.js';
import type { Exchanged } from './exchanged.js';
import { ProviderExchange } from './provider-exchange.service.js';
import { ProviderFailure } from './provider-failure.js';
import { RedirectUris } from './redirect-uris.service.js';
import { withFragment, withQuery } from './return-targets.service.js';

/** The request that came back from a provider, and the answer to it. */
export interface Callback {
  readonly provider: string;
  readonly answer: URLSearchParams;
  readonly request: AddressedRequest & AuthRequest;
  readonly response: unknown;
}

/** Ends flows: checks what a provider's answer belongs to, exchanges it, and carries out what the flow was begun for. */
@Injectable()
export class OAuthCallback {
  constructor(
    private readonly flows: OAuthFlows,
    private readonly exchange: ProviderExchange,
    private readonly uris: RedirectUris,
    private readonly signIn: OAuthSignIn,
    private readonly native: NativeSignIn,
    private readonly links: IdentityLinks,
    private readonly reauthentication: OAuthReauthentication,
    private readonly failures: OAuthFailures,
    private readonly sessions: SessionReader,
    private readonly delivery: SessionDelivery,
    private readonly answers: SignInDelivery,
    private readonly addresses: ClientAddresses,
    private readonly locales: MailLocales,
    private readonly settings: AuthSettings,
  ) {}

  /** Where to send the browser. Whatever the provider has done wrong ends in an `error` there. */
  async finish(callback: Callback): Promise<string> {
    const { provider, request, response } = callback;
    const flow = this.flowOf(callback);
    if (flow !== undefined) this.flows.drop(request, response, flow);
    try {
      return await this.carryOut(flow, callback);
    } catch (error) {
      return this.failures.answer(error, { provider, flow, client: this.addresses.of(request) });
    }
  }

  private flowOf({ provider, answer, request }: Callback): OAuthFlow | undefined {
    const [state, ...more] = answer.getAll('state');
    if (state === undefined || more.length > 0) return undefined;
    return this.flows.find(request, { state, provider, redirectUri: this.uris.of(provider) });
  }

  private async carryOut(flow: OAuthFlow | undefined, callback: Callback): Promise<string> {
    if (flow === undefined) throw new ProviderFailure('flow');
    if (!this.flows.isInTime(flow)) throw new ProviderFailure('expired');
    const owner = flow.purpose === 'sign-in' ? undefined : await this.ownerOf(flow, callback.request);
    const found = await this.exchange.exchange(flow, callback.answer);
    // The provider has taken the code: from here on the flow ends once.
    if (!(await this.flows.use(flow))) throw new ProviderFailure('replayed');
    const arrival = this.arrivalOf(callback);
    if (owner === undefined) return this.finishSignIn(flow, found, arrival, callback);
    const renewed =
      flow.purpose === 'link'
        ? await this.links.link(flow, owner, found, arrival)
        : await this.reauthentication.renew(flow, owner, found, arrival);
    if (renewed !== undefined) this.deliver(callback, renewed);
    return flow.returnTo;
  }

  private async finishSignIn(flow: OAuthFlow, found: Exchanged, arrival: Arrival, callback: Callback): Promise<string> {
    if (flow.codeChallenge !== undefined) {
      return withQuery(flow.returnTo, 'code', await this.native.signInWith(flow, found, arrival));
    }
    const outcome = await this.signIn.signInWith(flow, found, arrival);
    if ('pending' in outcome) return this.ask(flow, callback, outcome);
    this.deliver(callback, outcome);
    return flow.returnTo;
  }

  private async ask(flow: OAuthFlow, { request, response }: Callback, awaited: AwaitedFactor): Promise<string> {
    const { challenge, methods, expiresAt } = await this.answers.ask({ request, response }, awaited);
    return withFragment(flow.returnTo, { challenge, methods: methods.join(','), expiresAt });
  }

  /**
   * The provider's site has sent the browser here, and so it says of the request. That a page of ours began it is what the
   * flow in its cookie says: the browser may be remembered.
   */
  private deliver({ request, response }: Callback, completed: CompletedSignIn): void {
    this.delivery.deliver({ headers: { cookie: request.headers['cookie'] } }, response, completed);
  }

  /** Whoever began is signed in still, in this browser where a cookie said so then. */
  private async ownerOf({ owner }: OAuthFlow, request: AuthRequest): Promise<FlowOwner> {
    if (owner === undefined) throw new ProviderFailure('flow');
    // A strict cookie does not come along from another site: that the session is live is asked of the database.
    const isSent = this.settings.cookies.sameSite !== 'strict' || this.delivery.presentedSession(request) !== undefined;
    if (!owner.inCookie || !isSent) return owner;
    const reading = await this.sessions.fromCookie(request);
    const principal = reading.status === 'live' ? reading.principal : undefined;
    if (principal instanceof Principal && principal.sessionId === owner.sessionId) return owner;
    throw new ProviderFailure('session');
  }

  private arrivalOf({ request }: Callback): Arrival {
    return {
      client: this.addresses.of(request),
      locale: this.locales.of(request),
      devices: this.delivery.devicesOf(request),
      session: this.delivery.presentedSession(request),
    };
  }
}
