import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../checklist/check.js';
import { MINUTE_MS } from '../common/duration.js';
import { AuthSettings } from '../options/auth-settings.js';

/** How long a token that nobody can revoke may live. */
const LONGEST_UNCHECKED_MS = 5 * MINUTE_MS;

/** How access tokens are checked, and for how long they are good. */
@Injectable()
export class TokenChecks extends CheckSource {
  constructor(private readonly settings: AuthSettings) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'tokens.signature-lifetime',
        title: 'Access tokens that are not looked up end soon',
        area: 'tokens',
        severity: 'warn',
        source: 'ASVS 5.0 V7.4.1, RFC 9068 §4',
        run: () => this.lifetime(),
      },
    ];
  }

  private lifetime(): CheckOutcome {
    const { checking, accessTtlMs } = this.settings.tokens;
    if (checking === 'session' || accessTtlMs <= LONGEST_UNCHECKED_MS) return passed;
    return {
      status: 'finding',
      evidence: { minutes: Math.round(accessTtlMs / MINUTE_MS) },
      change:
        "Set tokens.accessTtl to '5m' or less, or tokens.checking to 'session': a revocation is not seen before the token expires.",
    };
  }
}
