import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DAY_MS } from '../common/duration.js';
import { AuthSettings } from '../options/auth-settings.js';
import { CheckSource, passed, type Check, type CheckOutcome } from './check.js';

/** What is accepted and does not sign. */
interface Accepted {
  /** Where it stands, such as `acceptedSecrets[0]`. */
  readonly option: string;
  /** Epoch ms. */
  readonly notAfter: number | undefined;
  /** Whether the option goes on saying that the time is over: without it the key would be accepted again. */
  readonly stays?: true;
}

type Judge = (accepted: readonly Accepted[], now: number) => CheckOutcome;

const NOTICE_MS = 7 * DAY_MS;

/** Whether secrets and key pairs that only verify come to their end. All warn: no start fails because a day has passed. */
@Injectable()
export class AcceptedKeyChecks extends CheckSource {
  constructor(
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      this.check('keys.accepted-expired', 'Nothing is accepted whose time is over', expired),
      this.check('keys.accepted-endless', 'Everything accepted has an end', endless),
      this.check('keys.retirement', 'Nothing accepted ends within a week', retiring),
    ];
  }

  private check(id: string, title: string, judge: Judge): Check {
    const source = 'NIST SP 800-57 Part 1 §5.3, ASVS 5.0 V13.3.4';
    return { id, title, area: 'keys', severity: 'warn', source, run: () => judge(this.accepted(), this.clock.now()) };
  }

  /** What only opens sealed text has no end: removing it too early is refused at start. */
  private accepted(): readonly Accepted[] {
    const { acceptedSecrets, tokens } = this.settings;
    return [
      ...acceptedSecrets.flatMap(({ notAfter, use }, index) =>
        use === 'all' ? [{ option: `acceptedSecrets[${index}]`, notAfter }] : [],
      ),
      ...tokens.acceptedKeys.map(({ notAfter }, index) => ({ option: `tokens.acceptedKeys[${index}]`, notAfter })),
      ...(tokens.signingKey === undefined ? [] : [this.secretBesidePair()]),
    ];
  }

  /** Keys of the secret verify tokens beside a key pair, for those that were signed before there was one. */
  private secretBesidePair(): Accepted {
    return { option: 'tokens.acceptSecretUntil', notAfter: this.settings.tokens.acceptSecretUntil, stays: true };
  }
}

function expired(accepted: readonly Accepted[], now: number): CheckOutcome {
  const over = accepted.filter(({ notAfter = Infinity, stays = false }) => notAfter <= now && !stays);
  return finding(
    over,
    'daysOver',
    ({ notAfter = now }) => wholeDays(now - notAfter),
    (options) => {
      const sealed = over.some(({ option }) => option.startsWith('accepted'));
      const unless = sealed ? " Where the start then names sealed rows, write use: 'unseal' instead of notAfter." : '';
      return `Delete ${options}: nothing verifies under it any more.${unless}`;
    },
  );
}

function endless(accepted: readonly Accepted[]): CheckOutcome {
  const without = accepted.filter(({ notAfter }) => notAfter === undefined);
  return finding(
    without,
    'endless',
    () => true,
    (options) =>
      `Say when ${options} end (notAfter, or acceptSecretUntil), at least the longest life of what was signed from now; or let it sign, if it is new.`,
  );
}

function retiring(accepted: readonly Accepted[], now: number): CheckOutcome {
  const soon = accepted.filter(({ notAfter = Infinity }) => notAfter > now && notAfter <= now + NOTICE_MS);
  return finding(
    soon,
    'daysLeft',
    ({ notAfter = now }) => wholeDays(notAfter - now),
    (options) =>
      `Whatever ${options} alone has signed is refused then. Set its notAfter later where that is too early, else delete the entry when it has passed.`,
  );
}

function finding(
  found: readonly Accepted[],
  name: string,
  measure: (entry: Accepted) => number | boolean,
  change: (options: string) => string,
): CheckOutcome {
  if (found.length === 0) return passed;
  const evidence = Object.fromEntries(found.map((entry) => [`${entry.option}.${name}`, measure(entry)]));
  return { status: 'finding', evidence, change: change(found.map(({ option }) => option).join(' and ')) };
}

function wholeDays(ms: number): number {
  return Math.ceil(ms / DAY_MS);
}
