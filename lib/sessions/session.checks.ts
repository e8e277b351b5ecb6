import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../checklist/check.js';
import { DAY_MS } from '../common/duration.js';
import { AuthSettings } from '../options/auth-settings.js';

const LONGEST_MS = 30 * DAY_MS;

/** How long one sign-in lasts. */
@Injectable()
export class SessionChecks extends CheckSource {
  constructor(private readonly settings: AuthSettings) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'sessions.lifetime',
        title: 'Everybody signs in again within 30 days',
        area: 'sessions',
        severity: 'warn',
        source: 'ASVS 5.0 V7.3.2, NIST SP 800-63B-4 §2.1.3',
        run: () => this.lifetime(),
      },
    ];
  }

  private lifetime(): CheckOutcome {
    const { sessions, tokens } = this.settings;
    const lives = [
      ['sessions.absolute', sessions.absoluteMs],
      ['sessions.rememberAbsolute', sessions.rememberAbsoluteMs],
      ['tokens.refreshAbsolute', tokens.refreshAbsoluteMs],
    ] as const;
    const long = lives.filter(([, ms]) => ms > LONGEST_MS);
    if (long.length === 0) return passed;
    return {
      status: 'finding',
      evidence: Object.fromEntries(long.map(([option, ms]) => [`${option}.days`, Math.ceil(ms / DAY_MS)])),
      change: `Set ${long.map(([option]) => option).join(' and ')} to '30d' or less: a stolen device stays signed in as long.`,
    };
  }
}
