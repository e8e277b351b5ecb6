import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { AuthSettings } from '../options/auth-settings.js';
import { BcryptPasswordHasher } from './bcrypt-password-hasher.js';
import { HashTimeChecks } from './hash-time.checks.js';
import { PasswordHasher } from './password-hasher.js';

const PIECE_MS = 20;

/** Each run of bcrypt takes the same time here, and is noted by its cost. */
class Steady extends BcryptPasswordHasher {
  readonly costs: number[] = [];

  protected override async bcrypt(_input: string, salt: string): Promise<string> {
    this.costs.push(Number(salt.slice(4, 6)));
    await delay(PIECE_MS);
    return '';
  }
}

class Another extends PasswordHasher {
  asked = 0;

  override hash(): Promise<string> {
    this.asked += 1;
    return Promise.resolve('');
  }

  override verify(): Promise<boolean> {
    return Promise.resolve(false);
  }

  override needsRehash(): boolean {
    return false;
  }
}

it('is a warning, and a check that acts', () => {
  const [check, ...others] = new HashTimeChecks(new Another()).checks();
  expect(check).toMatchObject({ id: 'passwords.time', area: 'passwords', severity: 'warn', work: 'acts' });
  expect(others).toEqual([]);
});

const outcomeOf = async (hasher: PasswordHasher) => new HashTimeChecks(hasher).checks()[0]!.run();

it('the time of a hash is told from a sixteenth of one', async () => {
  const hasher = new Steady({ passwords: { cost: 12 } } as AuthSettings);
  const outcome = await outcomeOf(hasher);
  expect(hasher.costs).toEqual([8]);
  expect(outcome).toMatchObject({ status: 'passed' });
  expect('evidence' in outcome && Number(outcome.evidence?.['ms'])).toBeGreaterThan(PIECE_MS * 14);
});

/** Takes so long for each run, by its cost. */
class Slow extends Steady {
  constructor(private readonly msOf: (cost: number) => number) {
    super({ passwords: { cost: 15 } } as AuthSettings);
  }

  protected override async bcrypt(input: string, salt: string): Promise<string> {
    await delay(this.msOf(Number(salt.slice(4, 6))));
    return super.bcrypt(input, salt);
  }
}

it('a cost that is too high for the machine is found', async () => {
  const hasher = new Slow((cost) => 130 * 2 ** (cost - 11));
  expect(await outcomeOf(hasher)).toMatchObject({
    status: 'finding',
    change: expect.stringMatching(/^Lower/) as string,
  });
  expect(hasher.costs).toEqual([11, 15]);
});

it('a machine that was busy while a piece was timed is not taken for a slow one', async () => {
  const hasher = new Slow(() => 200);
  expect(await outcomeOf(hasher)).toMatchObject({ status: 'passed' });
  expect(hasher.costs).toEqual([11, 15]);
});

it('a hasher of the application makes one hash, and one that takes no time is found', async () => {
  const hasher = new Another();
  expect(await outcomeOf(hasher)).toMatchObject({
    status: 'finding',
    change: expect.stringMatching(/^Raise/) as string,
  });
  expect(hasher.asked).toBe(1);
});
