import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../checklist/check.js';
import { AuthSettings } from '../options/auth-settings.js';
import { MemoryStateStore } from '../store/memory-state-store.js';
import { StateStore } from '../store/state-store.js';
import { ClientAddresses } from './client-addresses.service.js';

/** What must be right for limits to meet those they are meant for. */
@Injectable()
export class AttemptChecks extends CheckSource {
  constructor(
    private readonly settings: AuthSettings,
    private readonly addresses: ClientAddresses,
    private readonly store: StateStore,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'network.trusted-proxy-hops',
        title: 'The number of trusted proxies is said',
        area: 'network',
        severity: 'refuse',
        source: 'ASVS 5.0 V4.1.3',
        run: () => this.trustedProxyHops(),
      },
      {
        id: 'network.forwarded-header',
        title: 'No proxy forwards addresses that are ignored',
        area: 'network',
        severity: 'warn',
        source: 'ASVS 5.0 V4.1.3',
        run: () => this.forwardedHeader(),
      },
      {
        id: 'attempts.rate-limits',
        title: 'Route limits are in force',
        area: 'attempts',
        severity: 'refuse',
        source: 'ASVS 5.0 V6.3.1',
        run: () => this.rateLimits(),
      },
      {
        id: 'attempts.evictions',
        title: 'No counter was evicted from a full store',
        area: 'attempts',
        severity: 'warn',
        source: 'ASVS 5.0 V6.3.1',
        run: () => this.evictions(),
      },
    ];
  }

  private get inProduction(): boolean {
    return this.settings.environment === 'production';
  }

  private trustedProxyHops(): CheckOutcome {
    const { trustedProxyHopsSaid, trustedProxyHops } = this.settings;
    if (!this.inProduction || trustedProxyHopsSaid) return passed;
    return {
      status: 'finding',
      evidence: { said: false, trustedProxyHops },
      change:
        'Say one of: `trustedProxyHops: 0` when clients reach this process directly, or `trustedProxyHops: 1` behind one ' +
        'proxy or load balancer that appends to X-Forwarded-For (2 behind two).',
    };
  }

  private forwardedHeader(): CheckOutcome {
    if (!this.addresses.forwardedSeen) return passed;
    return {
      status: 'finding',
      evidence: { forwardedSeen: true, trustedProxyHops: this.settings.trustedProxyHops },
      change:
        'If a proxy is in front, set `trustedProxyHops` to the number of proxies: without it all clients share the ' +
        "proxy's address. If there is none, a client invented the header, and it was ignored: accept the finding.",
    };
  }

  private rateLimits(): CheckOutcome {
    const { multiplier } = this.settings.rateLimits;
    if (!this.inProduction || multiplier === 1) return passed;
    return {
      status: 'finding',
      evidence: { multiplier },
      change: 'Remove `rateLimits.multiplier`: it is for load tests.',
    };
  }

  private evictions(): CheckOutcome {
    if (!(this.store instanceof MemoryStateStore)) return passed;
    const { rate, attempts, 'single-use': singleUse } = this.store.evictions();
    if (rate + attempts + singleUse === 0) return passed;
    return {
      status: 'finding',
      evidence: { rate, attempts, singleUse },
      change:
        'Set redis.url or redis.cluster: the in-memory store has been full, which is a flood or more clients than it is made for.',
    };
  }
}
