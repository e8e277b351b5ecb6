import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check } from '../checklist/check.js';
import { AuthSettings } from '../options/auth-settings.js';

const SINGLE_FACTOR_MINIMUM = 15;
const LEAST_COST = 10;

/** Findings on the password options. */
@Injectable()
export class PasswordChecks extends CheckSource {
  constructor(private readonly settings: AuthSettings) {
    super();
  }

  override checks(): readonly Check[] {
    const { minLength, cost, composition } = this.settings.passwords;
    return [
      {
        id: 'passwords.minimum',
        title: 'Passwords that are the only factor have at least 15 characters',
        area: 'passwords',
        severity: 'warn',
        source: 'ASVS 5.0 V6.2.1, NIST SP 800-63B-4 §3.1.1.2',
        run: () =>
          minLength >= SINGLE_FACTOR_MINIMUM
            ? passed
            : {
                status: 'finding',
                evidence: { minLength, recommended: SINGLE_FACTOR_MINIMUM },
                change: 'Set passwords.minLength to 15 or more.',
              },
      },
      {
        id: 'passwords.cost',
        title: 'A password hash is slow enough',
        area: 'passwords',
        severity: 'warn',
        source: 'ASVS 5.0 V11.4.2',
        run: () =>
          cost >= LEAST_COST
            ? passed
            : {
                status: 'finding',
                evidence: { cost, recommended: LEAST_COST },
                change: 'Set passwords.cost to 10 or more; the default is 12.',
              },
      },
      {
        id: 'passwords.composition',
        title: 'Any characters may make up a password',
        area: 'passwords',
        severity: 'note',
        source: 'ASVS 5.0 V6.2.5, NIST SP 800-63B-4 §3.1.1.2',
        run: () =>
          composition.length === 0
            ? passed
            : {
                status: 'finding',
                evidence: { requiredClasses: composition.length },
                change:
                  'Remove passwords.composition unless another rule obliges you: the standards advise against it.',
              },
      },
    ];
  }
}
