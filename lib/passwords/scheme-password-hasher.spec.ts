import { randomBytes, scryptSync } from 'node:crypto';
import bcrypt from 'bcrypt';
import { describe, expect, it } from 'vitest';
import type { AuthSettings, PepperSettings } from '../options/auth-settings.js';
import { Argon2PasswordHasher } from './argon2-password-hasher.js';
import { BcryptPasswordHasher } from './bcrypt-password-hasher.js';
import { base64 } from './schemes/password-scheme.js';
import { UncheckableHash } from './uncheckable-hash.js';

const PASSWORD = 'correct horse battery';
const P1 = 'Jq7mW2xTnB5vKc9RzL4hYd8PfS1gAe6UoM3iQtZwCkE';
const P2 = 'Ht5bXz8nQw2eRv6yUk3pLs9dFg1jMa4cOi7TxYrEqWZ';

const settings = (cost: number, pepper?: PepperSettings) => ({ passwords: { cost, pepper } }) as AuthSettings;
const peppered = (current: string, keys: Record<string, string> = { p1: P1, p2: P2 }) => settings(4, { current, keys });

/** The scheme at a cost at which specs end soon. */
class CheapArgon2 extends Argon2PasswordHasher {
  protected override readonly cost = { memoryKib: 256, passes: 1, lanes: 1 };
}

const HASHERS = [
  ['BcryptPasswordHasher', BcryptPasswordHasher],
  ['Argon2PasswordHasher', CheapArgon2],
] as const;

function foreignScrypt(password: string, ln = 10): string {
  const salt = randomBytes(16);
  return `$scrypt$ln=${ln},r=8,p=1$${base64(salt)}$${base64(scryptSync(password, salt, 32, { N: 2 ** ln, r: 8, p: 1 }))}`;
}

const FOREIGN = [
  ['scrypt', foreignScrypt('password')],
  ['argon2id', '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'],
  ['bcrypt', bcrypt.hashSync('password', 4)],
] as const;

describe.each(HASHERS)('%s', (_, Hasher) => {
  const hasher = new Hasher(settings(4));

  it.each(FOREIGN)('verifies an imported hash of %s and wants it made anew', async (_scheme, stored) => {
    expect(await hasher.verify('password', stored)).toBe(true);
    expect(await hasher.verify('Password', stored)).toBe(false);
    expect(hasher.needsRehash(stored)).toBe(true);
  });

  it.each(FOREIGN)('gives an imported hash of %s no use under our mark, nor ours as one', async (_scheme, stored) => {
    expect(await hasher.verify('password', `$gatehouse$v=1${stored}`)).toBe(false);
    const ours = await hasher.hash('password');
    expect(await hasher.verify('password', ours.slice('$gatehouse$v=1'.length))).toBe(false);
  });

  it('verifies what the other makes, and wants it made anew', async () => {
    for (const [, Other] of HASHERS) {
      const stored = await new Other(settings(4)).hash(PASSWORD);
      expect(await hasher.verify(PASSWORD, stored)).toBe(true);
      expect(await hasher.verify('wrong', stored)).toBe(false);
      expect(hasher.needsRehash(stored)).toBe(Other !== Hasher);
      expect(stored.length).toBeLessThanOrEqual(255);
    }
  });

  it('names the pepper in the stored text, which fits the column with the longest id', async () => {
    const stored = await new Hasher(peppered('p1')).hash(PASSWORD);
    expect(stored).toMatch(/^\$gatehouse\$v=1,p=p1\$/);
    expect(stored).not.toContain(P1);
    const long = await new Hasher(peppered('p-'.repeat(8), { ['p-'.repeat(8)]: P1 })).hash(PASSWORD);
    expect(long.length).toBeLessThanOrEqual(255);
    expect(await new Hasher(peppered('p-'.repeat(8), { ['p-'.repeat(8)]: P1 })).verify(PASSWORD, long)).toBe(true);
  });

  it('verifies under the pepper that a text names, and wants others than the current made anew', async () => {
    const plain = await hasher.hash(PASSWORD);
    const first = await new Hasher(peppered('p1')).hash(PASSWORD);
    const second = await new Hasher(peppered('p2')).hash(PASSWORD);
    const now = new Hasher(peppered('p2'));
    for (const stored of [plain, first, second]) {
      expect(await now.verify(PASSWORD, stored)).toBe(true);
      expect(await now.verify('wrong', stored)).toBe(false);
      expect(now.needsRehash(stored)).toBe(stored !== second);
    }
  });

  it('does not take one pepper for another, or the label for one', async () => {
    const stored = await new Hasher(peppered('p1')).hash(PASSWORD);
    const swapped = new Hasher(peppered('p1', { p1: P2 }));
    expect(await swapped.verify(PASSWORD, stored)).toBe(false);
    expect(await swapped.verify(PASSWORD, stored.replace(',p=p1', ''))).toBe(false);
    const plain = await hasher.hash(PASSWORD);
    expect(await swapped.verify(PASSWORD, plain.replace('v=1', 'v=1,p=p1'))).toBe(false);
  });

  it('has no verdict on a pepper that is not configured', async () => {
    const stored = await new Hasher(peppered('p1')).hash(PASSWORD);
    for (const without of [hasher, new Hasher(peppered('p2', { p2: P2 }))]) {
      for (const text of [stored, stored.replace('p=p1', 'p=__proto__'), stored.replace('p=p1', 'p=toString')]) {
        await expect(without.verify(PASSWORD, text)).rejects.toThrow(UncheckableHash);
        expect(without.needsRehash(text)).toBe(true);
      }
    }
  });

  it(
    'answers wrong for whatever is stored, in the time of some hashes, never an error',
    { timeout: 60_000 },
    async () => {
      const samples = [...FOREIGN.map(([, stored]) => stored), await hasher.hash(PASSWORD)];
      const texts = [
        ...samples.flatMap(mutations),
        '$scrypt$ln=30,r=8,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA',
        `$argon2id$v=19$m=999999,t=9999,p=99$${'A'.repeat(22)}$${'A'.repeat(43)}`,
        `$gatehouse$v=1,p=${'x'.repeat(17)}${FOREIGN[2][1]}`,
        `$gatehouse$v=1,p=${FOREIGN[2][1]}`,
        `$gatehouse$v=1,${FOREIGN[2][1]}`,
        '$gatehouse$v=1$',
        '$'.repeat(255),
        'A'.repeat(1_000_000),
      ];
      const good = await hasher.hash(PASSWORD);
      const usual: number[] = [];
      const hostile: number[] = [];
      const timed = async (times: number[], stored: string): Promise<boolean> => {
        const from = performance.now();
        const matches = await hasher.verify(PASSWORD, stored);
        times.push(performance.now() - from);
        return matches;
      };
      for (const stored of texts) {
        expect(await timed(hostile, stored), stored).toBe(false);
        expect(await timed(usual, good)).toBe(true);
        hasher.needsRehash(stored);
      }
      // In pairs, and by their medians: others use the machine too.
      expect(median(hostile)).toBeLessThan(2 * median(usual));
    },
  );
});

it('BcryptPasswordHasher has no verdict on argon2 without its package, and goes on for the rest', async () => {
  class Bare extends BcryptPasswordHasher {
    protected override async loadArgon2(): Promise<never> {
      throw new UncheckableHash('install it');
    }
  }
  const bare = new Bare(settings(4));
  await expect(bare.verify('password', FOREIGN[1][1])).rejects.toThrow(UncheckableHash);
  expect(await bare.hasArgon2()).toBe(false);
  expect(await bare.verify('password', FOREIGN[0][1])).toBe(true);
  expect(await new BcryptPasswordHasher(settings(4)).hasArgon2()).toBe(true);
});

it('Argon2PasswordHasher makes what ASVS asks for, and wants weaker parameters made anew', async () => {
  const hasher = new Argon2PasswordHasher(settings(4));
  const stored = await hasher.hash(PASSWORD);
  expect(stored).toMatch(/^\$gatehouse\$v=1\$argon2id\$v=19\$m=47104,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(hasher.needsRehash(stored)).toBe(false);
  expect(hasher.needsRehash(stored.replace('m=47104', 'm=65536'))).toBe(false);
  expect(hasher.needsRehash(stored.replace('m=47104', 'm=19456'))).toBe(true);
  expect(hasher.needsRehash(stored.replace('argon2id', 'argon2i'))).toBe(true);
  expect(await new CheapArgon2(settings(4)).verify(PASSWORD, stored)).toBe(true);
});

/** The text with each of some characters changed, lost and doubled. What still is a hash is one of another password. */
function mutations(text: string): string[] {
  const places = Array.from({ length: 8 }, (_, index) => Math.floor((index * text.length) / 8));
  const changed = places.flatMap((at) => [
    text.slice(0, at) + '*' + text.slice(at + 1),
    text.slice(0, at) + text.slice(at + 1),
    text.slice(0, at) + text[at] + text.slice(at),
    text.slice(0, at) + '\0' + text.slice(at + 1),
    text.slice(0, at),
  ]);
  return changed.filter((candidate) => candidate !== text && !candidate.startsWith('$gatehouse$v=1,p='));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
