import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../../checklist/check.js';
import { hostEvidence, optionEvidence } from '../../checklist/evidence.js';
import { AuthSettings } from '../../options/auth-settings.js';
import { isLoopbackHost } from '../../options/loopback.js';

/** Where passkeys would not work, or could be used by others than they were made for. */
@Injectable()
export class PasskeyChecks extends CheckSource {
  constructor(private readonly settings: AuthSettings) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'access.passkey-domain',
        title: 'Passkeys belong to the domain of the application',
        area: 'access',
        severity: 'warn',
        source: 'WebAuthn Level 3 §5.1.2, §13.4.9',
        run: () => this.domain(),
      },
      {
        id: 'access.passkey-origins',
        title: 'Pages that use passkeys are reached over https',
        area: 'access',
        severity: 'warn',
        source: 'WebAuthn Level 3 §13.4.9, ASVS 5.0 V12.2.1',
        run: () => this.origins(),
      },
    ];
  }

  /** Browsers refuse a domain that is neither the page's host nor above it, and one that is an address or a whole TLD. */
  private domain(): CheckOutcome {
    const { rpId } = this.settings.passkeys;
    const hosts = this.pages().map(({ hostname }) => hostname);
    const outside = hosts.filter((host) => host !== rpId && !host.endsWith(`.${rpId}`));
    const isName = isIP(rpId) === 0 && (rpId.includes('.') || isLoopbackHost(rpId));
    if (outside.length === 0 && isName) return passed;
    return {
      status: 'finding',
      evidence: {
        option: optionEvidence('passkeys.rpId'),
        domain: hostEvidence(rpId),
        outside: outside.map((host) => hostEvidence(host)),
      },
      change:
        'Set passkeys.rpId to the domain that the hosts of appUrl and origins have in common: passkeys work on no other.',
    };
  }

  private origins(): CheckOutcome {
    const open = this.pages().filter(({ protocol, hostname }) => protocol !== 'https:' && !isLoopbackHost(hostname));
    if (open.length === 0) return passed;
    return {
      status: 'finding',
      evidence: { option: optionEvidence('origins'), hosts: open.map((page) => hostEvidence(page)) },
      change: 'Give appUrl and origins as https://: browsers have passkeys on no other page, this machine excepted.',
    };
  }

  private pages(): readonly URL[] {
    const { appUrl, origins } = this.settings;
    return [...new Set([appUrl.origin, ...origins])].map((origin) => new URL(origin));
  }
}
