import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Configuration, TokenEndpointResponse } from 'openid-client';
import { Clock } from '../../common/clock.js';
import { MINUTE_MS, SECOND_MS } from '../../common/duration.js';
import { inTime } from '../../common/in-time.js';
import { AuthSettings } from '../../options/auth-settings.js';
import type { Exchanged, ProviderTokens } from './exchanged.js';
import type { OAuthFlow } from './oauth-flow.js';
import { OPENID_CLIENT, type OpenidClient } from './openid-client.provider.js';
import { claimsProfile, identityOf, joinClaims, profileOf, type Claims, type ProviderIdentity } from './profiles.js';
import { ProviderClient } from './provider-client.js';
import { ProviderFailure } from './provider-failure.js';
import { ProviderFetch } from './provider-fetch.js';
import { reasonOf } from './failure-reason.js';

/** How far the clock of a provider may be ahead of ours. */
const AHEAD_MS = MINUTE_MS;
/** Of tokens that are kept, as JSON: what a column of text holds everywhere, once it is sealed. */
const LONGEST_KEPT_BYTES = 16 * 1024;

/** Talks to the providers: an authorization request, and what its answer is exchanged for. */
@Injectable()
export class ProviderExchange {
  private readonly clients: ReadonlyMap<string, ProviderClient>;

  constructor(
    @Inject(OPENID_CLIENT) private readonly openid: OpenidClient | undefined,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {
    const http = new ProviderFetch(settings.oauth.timeoutMs);
    const providers = openid === undefined ? [] : Object.values(settings.oauth.providers);
    this.clients = new Map(providers.map((each) => [each.name, new ProviderClient(each, openid!, http, clock)]));
  }

  has(provider: string): boolean {
    return this.clients.has(provider);
  }

  /** Whether the provider can say when somebody signed in: OpenID Connect has a claim for it, OAuth 2 has none. */
  tellsWhen(provider: string): boolean {
    return this.clients.get(provider)?.isOpenid === true;
  }

  /** Throws a `ProviderFailure`. */
  authorizationUrl(flow: OAuthFlow): Promise<URL> {
    return this.answered(async () => {
      const client = this.client(flow);
      const { scopes, authorizationParameters, kind } = client.settings;
      const isAgain = flow.purpose === 'reauthenticate';
      const parameters: Record<string, string> = {
        ...authorizationParameters,
        redirect_uri: flow.redirectUri,
        state: flow.state,
        code_challenge: createHash('sha256').update(flow.verifier).digest('base64url'),
        code_challenge_method: 'S256',
      };
      if (scopes.length > 0) parameters['scope'] = scopes.join(' ');
      if (client.isOpenid) parameters['nonce'] = flow.nonce;
      // Apple hands out the address in no other way.
      if (kind === 'apple') parameters['response_mode'] = 'form_post';
      if (isAgain) Object.assign(parameters, { prompt: 'login', max_age: '0' });
      return this.openid!.buildAuthorizationUrl(await client.configuration(), parameters);
    });
  }

  /** Checks the answer to an authorization request and exchanges its code. Throws a `ProviderFailure`. */
  exchange(flow: OAuthFlow, answer: URLSearchParams): Promise<Exchanged> {
    return this.answered(async () => {
      const client = this.client(flow);
      const configuration = await client.configuration();
      const tokens = await this.redeem(client, configuration, flow, answer);
      const authenticatedAt = client.isOpenid ? this.authenticatedAt(tokens.claims()?.auth_time) : undefined;
      const kept = this.kept(tokens);
      if (client.settings.storeTokens && Buffer.byteLength(JSON.stringify(kept)) > LONGEST_KEPT_BYTES) {
        throw new ProviderFailure('provider');
      }
      const identity = client.isOpenid
        ? await this.openidIdentity(client, configuration, tokens)
        : await this.plainIdentity(client, configuration, tokens);
      return { identity, tokens: kept, authenticatedAt };
    });
  }

  private redeem({ isOpenid }: ProviderClient, configuration: Configuration, flow: OAuthFlow, answer: URLSearchParams) {
    const url = new URL(flow.redirectUri);
    for (const [name, value] of answer) url.searchParams.append(name, value);
    const sinceMs = this.clock.now() - flow.begunAt;
    return this.openid!.authorizationCodeGrant(configuration, url, {
      expectedState: flow.state,
      pkceCodeVerifier: flow.verifier,
      ...(isOpenid ? { expectedNonce: flow.nonce, idTokenExpected: true } : {}),
      // `auth_time` (OpenID Connect Core §2) has to lie after the moment at which the flow began.
      ...(flow.purpose === 'reauthenticate' ? { maxAge: Math.ceil(sinceMs / SECOND_MS) } : {}),
    });
  }

  private async openidIdentity(
    { settings }: ProviderClient,
    configuration: Configuration,
    tokens: Awaited<ReturnType<OpenidClient['authorizationCodeGrant']>>,
  ): Promise<ProviderIdentity> {
    const claims = tokens.claims() as Claims | undefined;
    if (claims === undefined) throw new ProviderFailure('validation');
    const says = settings.kind === 'microsoft' || claims['email_verified'] !== undefined;
    const isWhole = claims['email'] !== undefined && says;
    const hasMore = configuration.serverMetadata().userinfo_endpoint !== undefined;
    const info: Claims =
      isWhole || !hasMore
        ? {}
        : await this.openid!.fetchUserInfo(configuration, tokens.access_token, String(claims['sub']));
    const profile = claimsProfile(settings.kind, joinClaims(claims, info));
    return identityOf({ ...settings, issuer: String(claims['iss']) }, profile);
  }

  private authenticatedAt(seconds: unknown): number | undefined {
    if (seconds === undefined) return undefined;
    const at = typeof seconds === 'number' ? seconds * SECOND_MS : NaN;
    if (!(at <= this.clock.now() + AHEAD_MS)) throw new ProviderFailure('validation');
    return Math.max(0, Math.floor(at));
  }

  private async plainIdentity(
    { settings }: ProviderClient,
    configuration: Configuration,
    { access_token }: TokenEndpointResponse,
  ): Promise<ProviderIdentity> {
    const { userInfo, emails } = settings.endpoints!;
    const info = await this.json(configuration, access_token, userInfo);
    if (typeof info !== 'object' || info === null || Array.isArray(info)) throw new ProviderFailure('provider');
    const list = emails === undefined ? undefined : await this.json(configuration, access_token, emails);
    return identityOf(settings, profileOf(settings, info as Claims, list));
  }

  private async json(configuration: Configuration, accessToken: string, url: string): Promise<unknown> {
    const headers = new Headers({ accept: 'application/json' });
    const response = await this.openid!.fetchProtectedResource(
      configuration,
      accessToken,
      new URL(url),
      'GET',
      undefined,
      headers,
    );
    const type = response.headers.get('content-type') ?? '';
    if (response.status !== 200 || !/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
      throw new ProviderFailure('provider');
    }
    return response.json();
  }

  private kept({ access_token, refresh_token, scope, expires_in }: TokenEndpointResponse): ProviderTokens {
    return {
      accessToken: access_token,
      refreshToken: refresh_token,
      scope,
      expiresAt: expires_in === undefined ? undefined : this.clock.now() + expires_in * SECOND_MS,
    };
  }

  private client({ provider }: OAuthFlow): ProviderClient {
    const client = this.clients.get(provider);
    if (client === undefined) throw new ProviderFailure('flow');
    return client;
  }

  /** However many questions it takes, the provider has so long for all of them. */
  private async answered<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await inTime(work(), this.settings.oauth.timeoutMs, tookTooLong);
    } catch (error) {
      throw error instanceof ProviderFailure ? error : new ProviderFailure(reasonOf(error, this.openid!), error);
    }
  }
}

function tookTooLong(): never {
  throw new ProviderFailure('unreachable', new Error('The provider took too long.'));
}
