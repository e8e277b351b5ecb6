import { Injectable } from '@nestjs/common';
import { AuthSettings } from '../options/auth-settings.js';
import type { RedisDiagnostics } from '../store/redis-state-store.js';
import { StateStore } from '../store/state-store.js';
import { CheckSource, passed, type Check, type CheckArea, type CheckOutcome, type CheckWork } from './check.js';
import { enumEvidence, hostEvidence } from './evidence.js';

interface DiagnosableStore {
  diagnostics(): Promise<RedisDiagnostics>;
}

const KEEPS_EVERYTHING = 'noeviction';
const POLICIES = [
  KEEPS_EVERYTHING,
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
];

/** Where counters, locks and cached sessions are kept. */
@Injectable()
export class StoreChecks extends CheckSource {
  constructor(
    private readonly settings: AuthSettings,
    private readonly store: StateStore,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      storeCheck('store.memory-instances', 'All instances share one state', 'refuse', 'ASVS 5.0 V6.3.1', () =>
        this.shared(),
      ),
      storeCheck('store.memory', 'State outlives this process', 'warn', 'ASVS 5.0 V6.3.1', () => this.kept()),
      storeCheck(
        'store.eviction',
        'Redis drops no counter or lock',
        'refuse',
        'ASVS 5.0 V6.3.1',
        () => this.eviction(),
        'asks',
      ),
      storeCheck(
        'store.transport',
        'Redis is reached encrypted and with a password',
        'warn',
        'ASVS 5.0 V12.3.1',
        () => this.transport(),
        'asks',
      ),
    ];
  }

  private shared(): CheckOutcome {
    const { instances } = this.settings;
    if (this.store.kind === 'shared' || instances === 1) return passed;
    return {
      status: 'finding',
      evidence: { instances },
      change:
        'Set redis.url or redis.cluster, or instances: 1: each instance counts failed sign-ins and revoked sessions for itself otherwise.',
    };
  }

  private kept(): CheckOutcome {
    if (this.store.kind === 'shared') return passed;
    return {
      status: 'finding',
      evidence: { instances: this.settings.instances },
      change: 'Set redis.url or redis.cluster: locks and rate limits are forgotten at every restart otherwise.',
    };
  }

  private async eviction(): Promise<CheckOutcome> {
    if (this.store.kind === 'memory') return passed;
    const diagnostics = await diagnose(this.store);
    if (diagnostics?.evictionPolicy === undefined) return unknown('the store does not tell its eviction policy');
    if (diagnostics.evictionPolicy === KEEPS_EVERYTHING) return passed;
    return {
      status: 'finding',
      evidence: { host: hostEvidence(diagnostics.host), policy: enumEvidence(diagnostics.evictionPolicy, POLICIES) },
      change: 'Set maxmemory-policy to noeviction: whoever fills this Redis removes locks and counters otherwise.',
    };
  }

  private async transport(): Promise<CheckOutcome> {
    if (this.store.kind === 'memory') return passed;
    const diagnostics = await diagnose(this.store);
    if (diagnostics === undefined) return unknown('the store does not tell how it is connected');
    const { host, loopback, tls, authenticated } = diagnostics;
    if (loopback || (tls && authenticated)) return passed;
    return {
      status: 'finding',
      evidence: { host: hostEvidence(host), tls, authenticated },
      change:
        'Give Redis addresses as rediss:// with a user and a password: whoever reaches this Redis can lift locks otherwise.',
    };
  }
}

function storeCheck(
  id: string,
  title: string,
  severity: Check['severity'],
  source: string,
  run: () => CheckOutcome | Promise<CheckOutcome>,
  work?: CheckWork,
): Check {
  const area: CheckArea = 'store';
  return { id, title, area, severity, source, ...(work === undefined ? {} : { work }), run };
}

async function diagnose(store: StateStore): Promise<RedisDiagnostics | undefined> {
  const asked = store as StateStore & Partial<DiagnosableStore>;
  return typeof asked.diagnostics === 'function' ? asked.diagnostics() : undefined;
}

function unknown(reason: string): CheckOutcome {
  return { status: 'unchecked', reason };
}
