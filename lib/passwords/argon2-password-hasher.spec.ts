import { expect, it } from 'vitest';
import type { AuthSettings } from '../options/auth-settings.js';
import { Argon2PasswordHasher } from './argon2-password-hasher.js';
import type { Argon2Cost, Argon2Library } from './schemes/argon2.scheme.js';

const HASH = `$gatehouse$v=1$argon2id$v=19$m=256,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Notes what memory each run is asked to fill, in KiB. */
class Noting extends Argon2PasswordHasher {
  readonly filled: number[] = [];

  constructor(protected override readonly cost: Argon2Cost = { memoryKib: 256, passes: 2, lanes: 1 }) {
    super({ passwords: {} } as AuthSettings);
  }

  override burn(share: number): Promise<number> {
    return super.burn(share);
  }

  protected override async loadArgon2(): Promise<Argon2Library> {
    const library = await super.loadArgon2();
    return {
      hashRaw: (input, options) => {
        this.filled.push(options.memoryCost);
        return library.hashRaw(input, options);
      },
    };
  }
}

it.each<[number, number[], number]>([
  [1, [256], 1],
  [0.5, [128], 0.5],
  [2.5, [256, 256, 128], 2.5],
  [2, [256, 256], 2],
  // Argon2 fills 8 KiB a lane at least (RFC 9106 §3.1).
  [0.001, [8], 8 / 256],
  [1.01, [256, 8], 259 / 256],
])('a share of %d is burnt as so much memory in runs of the current cost', async (share, filled, done) => {
  const hasher = new Noting();
  expect(await hasher.burn(share)).toBe(done);
  expect(hasher.filled).toEqual(filled);
});

it('fills the least for each lane', async () => {
  const hasher = new Noting({ memoryKib: 256, passes: 1, lanes: 3 });
  expect(await hasher.burn(0.01)).toBe(24 / 256);
  expect(hasher.filled).toEqual([24]);
});

it('wants made anew what is of less memory, fewer passes, another variant or no hash', () => {
  const hasher = new Noting();
  expect(hasher.needsRehash(HASH)).toBe(false);
  expect(hasher.needsRehash(HASH.replace('m=256', 'm=257'))).toBe(false);
  expect(hasher.needsRehash(HASH.replace('t=2', 't=3'))).toBe(false);
  expect(hasher.needsRehash(HASH.replace('p=1', 'p=2'))).toBe(false);
  for (const other of [
    HASH.replace('m=256', 'm=255'),
    HASH.replace('t=2', 't=1'),
    HASH.replace('argon2id', 'argon2d'),
    HASH.replace('$argon2id', '$argon3id'),
    HASH.replace('$gatehouse$v=1', ''),
  ]) {
    expect(hasher.needsRehash(other)).toBe(true);
  }
});

it('makes a decoy of its own scheme and cost', async () => {
  const hasher = new Noting();
  const decoy = await hasher.decoy();
  expect(decoy).toMatch(/^\$gatehouse\$v=1\$argon2id\$v=19\$m=256,t=2,p=1\$/);
  expect(decoy).not.toBe(await hasher.decoy());
  expect(hasher.needsRehash(decoy)).toBe(false);
});

it('answers a text of another scheme with as much work as one of its own', async () => {
  const hasher = new Noting();
  expect(await hasher.verify('password', 'garbage')).toBe(false);
  expect(hasher.filled).toEqual([256]);
});
