import { Logger } from '@nestjs/common';
import type { ClientAuth, Configuration, ServerMetadata } from 'openid-client';
import type { Clock } from '../../common/clock.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../common/duration.js';
import { isLoopbackHost } from '../../options/loopback.js';
import type { OAuthProviderSettings } from '../../options/oauth-settings.js';
import { clientAuthentication } from './client-authentication.js';
import type { OpenidClient } from './openid-client.provider.js';
import type { ProviderFetch } from './provider-fetch.js';

const REFRESH_AFTER_MS = HOUR_MS;
const BELIEVED_FOR_MS = DAY_MS;
const RETRY_AFTER_MS = MINUTE_MS / 2;
/** The library's own, which `ProviderFetch` does not come near. */
const LIBRARY_TIMEOUT_S = 60;

interface Known {
  readonly configuration: Configuration;
  readonly at: number;
}

/**
 * One provider as `openid-client` knows it. Its metadata are asked for at the first sign-in and not at the start; after an
 * hour somebody's sign-in asks again, while what is known is believed for a day.
 */
export class ProviderClient {
  private readonly logger = new Logger('Gatehouse');
  private known: Known | undefined;
  private asking: Promise<Configuration> | undefined;
  private askAgainAt = 0;

  constructor(
    readonly settings: OAuthProviderSettings,
    private readonly openid: OpenidClient,
    private readonly http: ProviderFetch,
    private readonly clock: Clock,
  ) {}

  get isOpenid(): boolean {
    return this.settings.endpoints === undefined;
  }

  /** Throws what the look-up of the metadata failed with. */
  async configuration(): Promise<Configuration> {
    const now = this.clock.now();
    const { known } = this;
    const age = known === undefined ? Infinity : now - known.at;
    if (known !== undefined && age < REFRESH_AFTER_MS) return known.configuration;
    if (known === undefined || age >= BELIEVED_FOR_MS) return this.ask();
    if (now >= this.askAgainAt) {
      this.askAgainAt = now + RETRY_AFTER_MS;
      this.ask().catch(() => this.logger.warn(`The metadata of the provider ${this.settings.name} could not be read`));
    }
    return known.configuration;
  }

  /** All who need them at once wait for one answer. */
  private ask(): Promise<Configuration> {
    return (this.asking ??= this.make().finally(() => (this.asking = undefined)));
  }

  private async make(): Promise<Configuration> {
    const configuration = this.isOpenid ? await this.discover() : this.plain();
    this.known = { configuration, at: this.clock.now() };
    return configuration;
  }

  private async discover(): Promise<Configuration> {
    const { openid } = this;
    const { issuer, clientId } = this.settings;
    const found = await openid.discovery(new URL(issuer), clientId, undefined, this.authentication(), {
      [openid.customFetch]: this.http.fetch,
      timeout: LIBRARY_TIMEOUT_S,
      // The signature is checked although the token comes straight from the provider (OpenID Connect Core §3.1.3.7).
      execute: [openid.enableNonRepudiationChecks, ...(isLocal(issuer) ? [openid.allowInsecureRequests] : [])],
    });
    const before = this.known?.configuration;
    const keys = before && openid.getJwksCache(before);
    const isSameSet = before?.serverMetadata().jwks_uri === found.serverMetadata().jwks_uri;
    if (keys !== undefined && isSameSet) openid.setJwksCache(found, keys);
    return found;
  }

  private plain(): Configuration {
    const { openid } = this;
    const { issuer, endpoints, clientId } = this.settings;
    const server: ServerMetadata = {
      issuer,
      authorization_endpoint: endpoints!.authorization,
      token_endpoint: endpoints!.token,
    };
    const configuration = new openid.Configuration(server, clientId, undefined, this.authentication());
    if ([endpoints!.authorization, endpoints!.token, endpoints!.userInfo].some(isLocal)) {
      openid.allowInsecureRequests(configuration);
    }
    configuration[openid.customFetch] = this.http.fetch;
    configuration.timeout = LIBRARY_TIMEOUT_S;
    return configuration;
  }

  private authentication(): ClientAuth {
    return clientAuthentication(this.openid, this.settings, () => this.clock.now());
  }
}

function isLocal(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && isLoopbackHost(hostname);
}
