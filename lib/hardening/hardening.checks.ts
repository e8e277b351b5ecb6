import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../checklist/check.js';
import { enumEvidence, hostEvidence, optionEvidence } from '../checklist/evidence.js';
import { DAY_MS } from '../common/duration.js';
import { AuthSettings } from '../options/auth-settings.js';
import { Hardening } from './hardening.service.js';
import { normalHost } from './host-name.js';

const YEAR_MS = 365 * DAY_MS;
const NAMED_ORIGINS = 10;

/** What stands between the network and the routes. */
@Injectable()
export class HardeningChecks extends CheckSource {
  constructor(
    private readonly settings: AuthSettings,
    private readonly hardening: Hardening,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [...this.answerChecks(), ...this.originChecks()];
  }

  private answerChecks(): readonly Check[] {
    return [
      {
        id: 'network.harden',
        title: 'Answers carry security headers, and hosts and bodies are limited',
        area: 'network',
        severity: 'warn',
        source: 'ASVS 5.0 V3.4.1 to V3.4.8, V4.1.3',
        run: () => this.hardened(),
      },
      {
        id: 'network.hsts',
        title: 'Browsers come back by https alone, for a year',
        area: 'network',
        severity: 'warn',
        source: 'ASVS 5.0 V3.4.1',
        run: () => this.hsts(),
      },
      {
        id: 'network.hosts',
        title: 'The host of baseUrl is answered',
        area: 'network',
        severity: 'warn',
        source: 'RFC 9110 §7.2',
        run: () => this.hosts(),
      },
      {
        id: 'network.api-docs',
        title: 'API docs are closed',
        area: 'network',
        severity: 'warn',
        source: 'ASVS 5.0 V13.4.5',
        run: () => this.apiDocs(),
      },
    ];
  }

  private originChecks(): readonly Check[] {
    return [
      {
        id: 'network.cors',
        title: 'Only listed pages read answers that are made for a visitor',
        area: 'network',
        severity: 'refuse',
        source: 'ASVS 5.0 V3.4.2',
        run: () => this.cors(),
      },
      {
        id: 'network.cors-origins',
        title: 'The pages that may call are served over https',
        area: 'network',
        severity: 'warn',
        source: 'ASVS 5.0 V3.4.2, V12.2.1',
        run: () => this.corsOrigins(),
      },
    ];
  }

  private hardened(): CheckOutcome {
    const { state } = this.hardening;
    if (state === 'unknown') {
      return { status: 'unchecked', reason: 'main.ts has not run: only the start of the application shows it' };
    }
    if (state === 'no-server') return passed;
    if (state === 'missing') {
      return {
        status: 'finding',
        evidence: { called: false },
        change:
          'Call harden(app) right after NestFactory.create in main.ts: no other line sets these headers and limits.',
      };
    }
    const differences = this.hardening.fastifyDifferences();
    if (differences === undefined) return { status: 'unchecked', reason: 'this Fastify does not show its options' };
    if (differences.length === 0) return passed;
    return {
      status: 'finding',
      evidence: { called: true, differ: differences.map((name) => enumEvidence(name, ['trustProxy', 'bodyLimit'])) },
      change:
        'Make the adapter by new FastifyAdapter(fastifyOptions({ http, trustedProxyHops })), with what AuthModule is given.',
    };
  }

  private hsts(): CheckOutcome {
    const { secure, http } = this.settings;
    const { hsts } = http;
    // Without https there is nothing to come back to: network.base-url says so.
    if (!secure || (hsts !== undefined && hsts.maxAgeMs >= YEAR_MS && hsts.includeSubDomains)) return passed;
    return {
      status: 'finding',
      evidence: {
        on: hsts !== undefined,
        days: Math.floor((hsts?.maxAgeMs ?? 0) / DAY_MS),
        includeSubDomains: hsts?.includeSubDomains ?? false,
      },
      change: "Leave out http.hsts, or set maxAge to at least '365d' with includeSubDomains.",
    };
  }

  private hosts(): CheckOutcome {
    const { baseUrl, http } = this.settings;
    if (http.hosts.map(normalHost).includes(normalHost(baseUrl.host))) return passed;
    return {
      status: 'finding',
      evidence: { host: hostEvidence(baseUrl), count: http.hosts.length },
      change: 'Add the host of baseUrl to http.hosts: whoever follows a link of this application gets 400 otherwise.',
    };
  }

  private apiDocs(): CheckOutcome {
    if (!this.settings.http.apiDocs) return passed;
    return {
      status: 'finding',
      evidence: { option: optionEvidence('http.apiDocs') },
      change: 'Remove http.apiDocs, or accept the finding when these docs are meant for everybody.',
    };
  }

  private cors(): CheckOutcome {
    const { cors } = this.settings.http;
    const anyone = cors?.origins === '*' && cors.credentials;
    const twice = this.hardening.state === 'done' && this.hardening.hasOwnCors;
    if (!anyone && !twice) return passed;
    return {
      status: 'finding',
      evidence: { everybody: anyone, enableCors: twice },
      change: anyone
        ? 'List the origins in http.cors.origins, or set http.cors.credentials to false.'
        : 'Remove app.enableCors(): harden(app) answers for CORS, by origins and http.cors.',
    };
  }

  private corsOrigins(): CheckOutcome {
    const { origins, http } = this.settings;
    const listed = [...origins, ...(http.cors === undefined || http.cors.origins === '*' ? [] : http.cors.origins)];
    // That of baseUrl is the matter of network.base-url.
    const plain = [...new Set(listed)].filter(
      (origin) => origin.startsWith('http:') && origin !== this.settings.baseUrl.origin,
    );
    if (plain.length === 0) return passed;
    return {
      status: 'finding',
      evidence: { count: plain.length, hosts: plain.slice(0, NAMED_ORIGINS).map(hostEvidence) },
      change:
        'Use https:// in origins and http.cors.origins: whoever is on the way to a page of http:// acts as its visitor.',
    };
  }
}
