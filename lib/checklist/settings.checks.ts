import { Injectable } from '@nestjs/common';
import { Clock, SystemClock } from '../common/clock.js';
import { AuthSettings } from '../options/auth-settings.js';
import { CheckSource, passed, type Check, type CheckOutcome, type Evidence } from './check.js';
import { enumEvidence, hostEvidence } from './evidence.js';

const VERIFICATION = ['off', 'optional', 'required'];
const WEB_SCHEMES = ['http:', 'https:'];

/** What the options alone show. */
@Injectable()
export class SettingsChecks extends CheckSource {
  constructor(
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [...this.networkChecks(), ...this.cookieChecks(), ...this.otherChecks()];
  }

  private networkChecks(): readonly Check[] {
    const { settings } = this;
    return [
      {
        id: 'network.base-url',
        title: 'The API is reached over https',
        area: 'network',
        severity: 'refuse',
        source: 'ASVS 5.0 V12.2.1, V3.3.1',
        run: () =>
          unless(
            settings.baseUrl.protocol === 'https:',
            { host: hostEvidence(settings.baseUrl), scheme: enumEvidence(settings.baseUrl.protocol, WEB_SCHEMES) },
            'Set baseUrl to the https:// address of this API: passwords and cookies travel in the clear otherwise.',
          ),
      },
    ];
  }

  private cookieChecks(): readonly Check[] {
    const { cookies } = this.settings;
    return [
      {
        id: 'cookies.same-site',
        title: 'Cookies are not sent from other sites',
        area: 'cookies',
        severity: 'warn',
        source: 'ASVS 5.0 V3.3.2',
        run: () =>
          unless(
            cookies.sameSite !== 'none',
            { sameSite: enumEvidence(cookies.sameSite, ['none']) },
            "Set cookies.sameSite to 'lax', or serve page and API from one site: only the CSRF token is left as a defence.",
          ),
      },
      {
        id: 'cookies.domain',
        title: 'Cookies belong to one host',
        area: 'cookies',
        severity: 'warn',
        source: 'ASVS 5.0 V3.3.3',
        run: () =>
          unless(
            cookies.domain === undefined,
            { domain: hostEvidence(cookies.domain ?? '') },
            'Leave out cookies.domain: every host below it can read and replace the session cookie, and __Host- is lost.',
          ),
      },
    ];
  }

  private otherChecks(): readonly Check[] {
    const { emailVerification, testing } = this.settings;
    return [
      {
        id: 'accounts.email-enumeration',
        title: 'Nobody can test whether an address has an account',
        area: 'accounts',
        severity: 'note',
        source: 'ASVS 5.0 V6.3.8',
        run: () =>
          unless(
            emailVerification === 'required',
            { emailVerification: enumEvidence(emailVerification, VERIFICATION) },
            "Set emailVerification to 'required': whoever registers an address and can sign in at once knows that it was free.",
          ),
      },
      {
        id: 'testing.mode',
        title: 'The testing kit is not in use',
        area: 'testing',
        severity: 'refuse',
        source: 'ASVS 5.0 V13.4.2',
        run: () =>
          unless(
            !testing && this.clock instanceof SystemClock,
            { testing, systemClock: this.clock instanceof SystemClock },
            'Take out what nestjs-gatehouse/testing made, and every override of Clock: time stands still otherwise.',
          ),
      },
    ];
  }
}

function unless(good: boolean, evidence: Evidence, change: string): CheckOutcome {
  return good ? passed : { status: 'finding', evidence, change };
}
