import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../../checklist/check.js';
import { hostEvidence, optionEvidence } from '../../checklist/evidence.js';
import { isLoopbackHost } from '../../options/loopback.js';
import { AuthSettings } from '../../options/auth-settings.js';
import type { OAuthProviderSettings } from '../../options/oauth-settings.js';

/** RFC 1918, RFC 6598, RFC 3927; RFC 4193 and RFC 4291 §2.5.6 for IPv6. */
const PRIVATE_V4 =
  /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;
const PRIVATE_V6 = /^\[(?:f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):/i;
/** RFC 6761, RFC 6762, RFC 8375, and what the root will never have. */
const PRIVATE_NAME = /(?:^|\.)(?:local|internal|intranet|lan|home|corp|private|test|example|invalid|home\.arpa)$/i;

/** Whether providers lead back to where only the application is, and know it by more than its name. */
@Injectable()
export class OAuthChecks extends CheckSource {
  constructor(private readonly settings: AuthSettings) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'oauth.redirect',
        title: 'Providers lead back over https, to a public host',
        area: 'oauth',
        severity: 'refuse',
        source: 'RFC 9700 §2.6, ASVS 5.0 V10.4.1',
        run: () => this.redirect(),
      },
      {
        id: 'oauth.insecure-provider',
        title: 'Providers are asked over https',
        area: 'oauth',
        severity: 'refuse',
        source: 'RFC 6749 §3.1, §3.2, ASVS 5.0 V12.3.1',
        run: () => this.provider(),
      },
      {
        id: 'oauth.client-secret',
        title: 'Providers know the application by a secret',
        area: 'oauth',
        severity: 'warn',
        source: 'RFC 9700 §2.5, ASVS 5.0 V10.4.10',
        run: () => this.secret(),
      },
      {
        id: 'oauth.link-by-email',
        title: 'Accounts are linked by their owners',
        area: 'oauth',
        severity: 'note',
        source: 'OpenID Connect Core §5.7',
        run: () => this.linking(),
      },
    ];
  }

  private redirect(): CheckOutcome {
    const { baseUrl } = this.settings;
    const isPublic = baseUrl.protocol === 'https:' && !isPrivateHost(baseUrl.hostname);
    if (this.providers.length === 0 || isPublic) return passed;
    return {
      status: 'finding',
      evidence: {
        option: optionEvidence('baseUrl'),
        https: baseUrl.protocol === 'https:',
        host: hostEvidence(baseUrl),
      },
      change: 'Set baseUrl to the https:// address by which everybody reaches this API: codes are sent there.',
    };
  }

  private provider(): CheckOutcome {
    const urls = this.providers.flatMap(({ issuer, endpoints }) =>
      endpoints === undefined ? [issuer] : [endpoints.authorization, endpoints.token, endpoints.userInfo],
    );
    const insecure = urls.filter((url) => new URL(url).protocol !== 'https:');
    if (insecure.length === 0) return passed;
    return {
      status: 'finding',
      evidence: { option: optionEvidence('oauth.providers'), hosts: [...new Set(insecure.map(hostEvidence))] },
      change: 'Set the addresses of this provider in oauth.providers to https://: it says who people are.',
    };
  }

  private secret(): CheckOutcome {
    const without = this.providers.filter(
      ({ clientSecret, appleKey }) => clientSecret === undefined && appleKey === undefined,
    );
    if (without.length === 0) return passed;
    return {
      status: 'finding',
      evidence: { option: optionEvidence('oauth.providers'), without: without.length },
      change:
        'Set clientSecret in oauth.providers: whoever knows the client id can otherwise pose as this application.',
    };
  }

  private linking(): CheckOutcome {
    if (!this.settings.oauth.linkByVerifiedEmail || this.providers.length === 0) return passed;
    return {
      status: 'finding',
      evidence: { option: optionEvidence('oauth.linkByVerifiedEmail'), providers: this.providers.length },
      change:
        'Every one of these providers can open every account by naming its address. Leave oauth.linkByVerifiedEmail out unless you trust them all with that.',
    };
  }

  private get providers(): readonly OAuthProviderSettings[] {
    return Object.values(this.settings.oauth.providers);
  }
}

function isPrivateHost(hostname: string): boolean {
  if (isLoopbackHost(hostname) || PRIVATE_V6.test(hostname) || hostname === '[::]') return true;
  if (isIP(hostname) === 4) return PRIVATE_V4.test(hostname);
  return PRIVATE_NAME.test(hostname) || !/[.:]/.test(hostname);
}
