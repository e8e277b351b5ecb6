import { randomBytes, scryptSync } from 'node:crypto';
import { hash as argon2 } from '@node-rs/argon2';
import bcrypt from 'bcrypt';
import { afterEach, describe, expect, it } from 'vitest';
import { Accounts, StateStore } from '../../lib/index.js';
import { UnlimitedStateStore } from '../../lib/testing/index.js';
import { PASSWORD, startApp, type TestApp } from '../support/app.js';

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

const HASH_PAIRS = 300;
const PEPPER = { current: 'p1', keys: { p1: 'Jq7mW2xTnB5vKc9RzL4hYd8PfS1gAe6UoM3iQtZwCkE' } };
const bare = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

function scryptHash(password: string): string {
  const salt = randomBytes(16);
  return `$scrypt$ln=11,r=8,p=1$${bare(salt)}$${bare(scryptSync(password, salt, 32, { N: 2 ** 11, r: 8, p: 1 }))}`;
}

/** A hash of a size that shows: what it is filled up with must be as long as what it lacks. */
describe(`${HASH_PAIRS} pairs of sign-ins take as long`, () => {
  it.each<[string, string, () => Promise<string>]>([
    ['an imported scrypt hash, wrong', 'a wrong password altogether', async () => scryptHash(PASSWORD)],
    ['an imported argon2 hash, wrong', 'a wrong password altogether', () => argon2(PASSWORD, { memoryCost: 8_192 })],
    ['an imported bcrypt hash of a lower cost', 'a wrong password altogether', () => bcrypt.hash(PASSWORD, 6)],
    ['a hash without the pepper', 'a wrong password altogether', async () => ''],
  ])('for nobody as for %s', { timeout: 600_000 }, async (name, password, hash) => {
    running = await startApp({
      hasher: 'real',
      auth: { passwords: { cost: 9, pepper: PEPPER } },
      override: (builder) => {
        builder.overrideProvider(StateStore).useClass(UnlimitedStateStore);
        return builder;
      },
    });
    await running.get(Accounts).create({ email: 'known@example.com', password: PASSWORD });
    const stored = await hash();
    if (stored !== '') await running.dataSource.query(`UPDATE users SET password_hash = '${stored}'`);
    else await running.dataSource.query("UPDATE users SET password_hash = REPLACE(password_hash, ',p=p1', '')");
    const client = running.client();
    const timed = async (address: string): Promise<number> => {
      const begun = performance.now();
      expect((await client.signIn(address, password)).status).toBe(401);
      return performance.now() - begun;
    };
    for (let warm = 0; warm < 40; warm += 1) await timed(warm % 2 === 0 ? 'known@example.com' : 'nobody@example.com');
    const times = { known: [] as number[], nobody: [] as number[] };
    for (let pair = 0; pair < HASH_PAIRS; pair += 1) {
      const order = pair % 2 === 0 ? (['known', 'nobody'] as const) : (['nobody', 'known'] as const);
      for (const who of order) times[who].push(await timed(`${who}@example.com`));
    }
    const ratio = median(times.known) / median(times.nobody);
    console.log(
      `${name}: medians ${median(times.known).toFixed(3)} ms and ${median(times.nobody).toFixed(3)} ms, ratio ${ratio.toFixed(4)}`,
    );
    expect(Math.abs(ratio - 1)).toBeLessThan(0.1);
  });
});

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
