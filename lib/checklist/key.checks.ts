import { Injectable } from '@nestjs/common';
import { KEY_PURPOSES, type KeyPurpose } from '../options/key-purposes.js';
import { MIN_SECRET_BYTES, SECRET_WEAKNESSES, secretProblem, type SecretProblem } from '../keys/secret-strength.js';
import { AuthSettings } from '../options/auth-settings.js';
import { CheckSource, passed, type Check, type CheckOutcome, type Evidence, type EvidenceText } from './check.js';
import { enumEvidence, optionEvidence } from './evidence.js';

const MAKE_ONE = `node -e "console.log(require('node:crypto').randomBytes(32).toString('base64url'))"`;

type SecretOption = 'secret' | `secrets.${KeyPurpose}`;

type NamedSecret = readonly [option: string, secret: string];

/** Whether the secrets are good enough to derive every key from. */
@Injectable()
export class KeyChecks extends CheckSource {
  readonly #settings: AuthSettings;

  constructor(settings: AuthSettings) {
    super();
    this.#settings = settings;
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'keys.strength',
        title: 'Secrets cannot be guessed',
        area: 'keys',
        severity: 'refuse',
        source: 'ASVS 5.0 V11.2.3, V13.2.3',
        run: () => this.#strength(),
      },
      {
        id: 'keys.reuse',
        title: 'Every secret is used for one purpose',
        area: 'keys',
        severity: 'refuse',
        source: 'NIST SP 800-57 Part 1 §5.2',
        run: () => this.#reuse(),
      },
    ];
  }

  #strength(): CheckOutcome {
    const weak = weakOnes(this.#secrets());
    const accepted = weakOnes(this.#accepted());
    if (weak.length + accepted.length === 0) return passed;
    const evidence: Evidence = Object.fromEntries<number | EvidenceText>(
      [...weak, ...accepted].flatMap(({ option, bytes, reason }) => [
        [`${option}.bytes`, bytes],
        [`${option}.reason`, enumEvidence(reason, SECRET_WEAKNESSES)],
      ]),
    );
    const change = [
      ...(weak.length === 0
        ? []
        : [`Set ${named(weak)} to at least ${MIN_SECRET_BYTES} random bytes, each of its own: ${MAKE_ONE}`]),
      ...(accepted.length === 0
        ? []
        : [`Set use: 'unseal' for ${named(accepted)}: whoever guesses it signs what is accepted here.`]),
    ].join(' ');
    return { status: 'finding', evidence, change };
  }

  #reuse(): CheckOutcome {
    const secrets = this.#secrets();
    const reused = secrets.filter(([option, secret]) =>
      secrets.some(([other, value]) => other !== option && value.trim() === secret.trim()),
    );
    if (reused.length === 0) return passed;
    const options = reused.map(([option]) => option);
    return {
      status: 'finding',
      evidence: { options: options.map((option) => optionEvidence(option)) },
      change: `Give each of ${options.join(', ')} a value of its own, or leave out the ones below secrets: they then derive from secret.`,
    };
  }

  /** Those that verify. What only opens sealed text cannot be made better any more, and signs nobody in. */
  #accepted(): readonly NamedSecret[] {
    return this.#settings.acceptedSecrets.flatMap(({ secret, use }, index) =>
      use === 'all' ? [[`acceptedSecrets[${index}]`, secret] as const] : [],
    );
  }

  #secrets(): readonly (readonly [option: SecretOption, secret: string])[] {
    const { secret, secrets } = this.#settings;
    const own = KEY_PURPOSES.flatMap((purpose) => {
      const value = secrets[purpose];
      return value === undefined ? [] : [[`secrets.${purpose}` as const, value] as const];
    });
    return [['secret', secret], ...own];
  }
}

function weakOnes(secrets: readonly NamedSecret[]): readonly (SecretProblem & { readonly option: string })[] {
  return secrets.flatMap(([option, secret]) => {
    const problem = secretProblem(secret);
    return problem === undefined ? [] : [{ option, ...problem }];
  });
}

function named(weak: readonly { readonly option: string }[]): string {
  return weak.map(({ option }) => option).join(' and ');
}
