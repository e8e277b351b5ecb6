import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome, type EvidenceText } from '../checklist/check.js';
import { enumEvidence, optionEvidence } from '../checklist/evidence.js';
import { MIN_SECRET_BYTES, SECRET_WEAKNESSES, secretProblem } from '../keys/secret-strength.js';
import { AuthSettings } from '../options/auth-settings.js';
import { BreachedPasswords, NoBreachedPasswords } from './breached-passwords.js';
import { StoredPasswords } from './stored-passwords.service.js';

const SINGLE_FACTOR_MINIMUM = 15;
const LEAST_COST = 10;

/** Findings on the password options. */
@Injectable()
export class PasswordChecks extends CheckSource {
  readonly #settings: AuthSettings;

  constructor(
    settings: AuthSettings,
    private readonly stored: StoredPasswords,
    private readonly breached: BreachedPasswords,
  ) {
    super();
    this.#settings = settings;
  }

  override checks(): readonly Check[] {
    const { passwords, secondFactor } = this.#settings;
    const { minLength, cost, composition } = passwords;
    return [
      {
        id: 'passwords.minimum',
        title: 'Passwords that are the only factor have at least 15 characters',
        area: 'passwords',
        severity: 'warn',
        source: 'ASVS 5.0 V6.2.1, NIST SP 800-63B-4 §3.1.1.2',
        run: () =>
          minLength >= SINGLE_FACTOR_MINIMUM || secondFactor.everybody
            ? passed
            : {
                status: 'finding',
                evidence: { minLength, recommended: SINGLE_FACTOR_MINIMUM },
                change: "Set passwords.minLength to 15 or more, or secondFactor: 'required'.",
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
      {
        id: 'passwords.pepper',
        title: 'Peppers cannot be guessed and are used for nothing else',
        area: 'passwords',
        severity: 'refuse',
        source: 'ASVS 5.0 V11.2.3, NIST SP 800-63B-4 §3.1.1.2',
        run: () => this.#pepper(),
      },
      {
        id: 'passwords.breached',
        title: 'New passwords are looked up among breached ones',
        area: 'passwords',
        severity: 'note',
        source: 'ASVS 5.0 V6.2.12',
        run: () =>
          this.breached instanceof NoBreachedPasswords
            ? {
                status: 'finding',
                evidence: { lookUp: false },
                change: 'Add overrides: [{ provide: BreachedPasswords, useClass: PwnedPasswords }].',
              }
            : passed,
      },
      {
        id: 'passwords.imported',
        title: 'Passwords are stored as this application stores them',
        area: 'passwords',
        severity: 'note',
        source: 'ASVS 5.0 V11.4.2',
        work: 'asks',
        run: () => this.#imported(),
      },
    ];
  }

  #pepper(): CheckOutcome {
    const { secret, secrets, acceptedSecrets, passwords } = this.#settings;
    const others = [secret, ...Object.values(secrets), ...acceptedSecrets.map((accepted) => accepted.secret)];
    const peppers = Object.values(passwords.pepper?.keys ?? {});
    const evidence: Record<string, number | boolean | EvidenceText> = {};
    for (const [index, pepper] of peppers.entries()) {
      // An id is free text: the place in the list names the pepper.
      const path = `passwords.pepper.keys[${index}]`;
      const problem = secretProblem(pepper);
      if (problem !== undefined) {
        evidence[`${path}.bytes`] = problem.bytes;
        evidence[`${path}.reason`] = enumEvidence(problem.reason, SECRET_WEAKNESSES);
      }
      const elsewhere = [...others, ...peppers.slice(0, index)];
      if (elsewhere.some((value) => value?.trim() === pepper.trim())) evidence[`${path}.reused`] = true;
    }
    if (Object.keys(evidence).length === 0) return passed;
    return {
      status: 'finding',
      evidence: { option: optionEvidence('passwords.pepper'), ...evidence },
      change: `Add a pepper of at least ${MIN_SECRET_BYTES} random bytes of its own, and make it passwords.pepper.current.`,
    };
  }

  #imported(): CheckOutcome {
    const { bcrypt, scrypt, argon2 } = this.stored.imported;
    if (bcrypt + scrypt + argon2 === 0) return passed;
    return {
      status: 'finding',
      evidence: { bcrypt, scrypt, argon2 },
      change: 'Each is made anew when its owner signs in. After a year or so, take away those that are left.',
    };
  }
}
