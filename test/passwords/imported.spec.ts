import { randomBytes, scryptSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import bcrypt from 'bcrypt';
import { describe, expect, it } from 'vitest';
import { Accounts, Argon2PasswordHasher, Checklist, PasswordHasher } from '../../lib/index.js';
import { BcryptPasswordHasher } from '../../lib/passwords/bcrypt-password-hasher.js';
import { INSTALL_ARGON2 } from '../../lib/passwords/scheme-password-hasher.js';
import { UncheckableHash } from '../../lib/passwords/uncheckable-hash.js';
import { PASSWORD, STACKS, startApp, type TestApp } from '../support/app.js';
import { newPlace, PLACES, settled, start, storedHash, storeHash } from './kit.js';

const EMAIL = 'ada@example.com';
const WRONG = 'a wrong password altogether';
/** Of the password of the reference implementation, which is short: the policy is not asked of what is there already. */
const ARGON2 = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';

const bare = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

function scrypt(password: string): string {
  const salt = randomBytes(16);
  return `$scrypt$ln=10,r=8,p=1$${bare(salt)}$${bare(scryptSync(password, salt, 32, { N: 2 ** 10, r: 8, p: 1 }))}`;
}

const HASHES = [
  ['scrypt', 'password', scrypt('password')],
  ['argon2id', 'password', ARGON2],
  ['bcrypt', 'password', bcrypt.hashSync('password', 4)],
] as const;

/** As the process is where the optional package is not installed. */
@Injectable()
class WithoutArgon2 extends BcryptPasswordHasher {
  protected override async loadArgon2(): Promise<never> {
    throw new UncheckableHash(INSTALL_ARGON2);
  }
}

const withHasher = (useClass: new (...args: never[]) => PasswordHasher) => ({
  auth: { passwords: { cost: 4 }, overrides: [{ provide: PasswordHasher, useClass }] },
});

async function ada(app: TestApp, hash: string): Promise<void> {
  await app.get(Accounts).create({ email: EMAIL, password: PASSWORD });
  await storeHash(app, hash);
}

describe.each(PLACES)('hashes of another application on $database', ({ database, ...stack }) => {
  it('sign in as they are, and are made anew', async () => {
    const app = await start({ ...stack, ...(await newPlace(database)) });
    await ada(app, '');
    for (const [, password, hash] of HASHES) {
      await storeHash(app, hash);
      expect((await app.client().signIn(EMAIL, WRONG)).status).toBe(401);
      await settled(app);
      expect(await storedHash(app)).toBe(hash);
      expect((await app.client().signIn(EMAIL, password)).status).toBe(200);
      await settled(app);
      expect(await storedHash(app)).toMatch(/^\$gatehouse\$v=1\$2b\$04\$/);
      expect((await app.client().signIn(EMAIL, password)).status).toBe(200);
      expect((await app.client().signIn(EMAIL, WRONG)).status).toBe(401);
    }
  });

  it('are counted by scheme at start', async () => {
    const place = { ...stack, ...(await newPlace(database)) };
    const app = await start(place);
    for (const [index, [, , hash]] of [...HASHES, HASHES[0]].entries()) {
      await app.get(Accounts).create({ email: `n${index}@example.com`, password: PASSWORD });
      await app.dataSource.query(`UPDATE users SET password_hash = '${hash}' WHERE email = 'n${index}@example.com'`);
    }
    await app.get(Accounts).create({ email: 'passwordless@example.com' });
    const again = await start(place);
    const { entries } = await again.get(Checklist).report();
    expect(entries.find(({ id }) => id === 'passwords.imported')).toMatchObject({
      outcome: 'finding',
      severity: 'note',
      evidence: { bcrypt: 1, scrypt: 2, argon2: 1 },
    });
  });
});

describe('argon2 where its package is not installed', () => {
  it('stops the start while stored passwords need it', async () => {
    const place = await newPlace('sqlite');
    await ada(await start(place), ARGON2);
    const begun = startApp({ ...place, hasher: 'real', ...withHasher(WithoutArgon2) });
    await expect(begun).rejects.toThrow('1 passwords are stored with argon2: install @node-rs/argon2.');
  });

  it('stops the start of a hasher that needs it', async () => {
    class Bare extends Argon2PasswordHasher {
      protected override async loadArgon2(): Promise<never> {
        throw new UncheckableHash(INSTALL_ARGON2);
      }
    }
    const begun = startApp({ hasher: 'real', ...withHasher(Bare) });
    await expect(begun).rejects.toThrow('install @node-rs/argon2.');
  });

  it('is 503 for a hash that comes later, counts for nothing, and is in the way of nobody else', async () => {
    const app = await start(withHasher(WithoutArgon2));
    await ada(app, ARGON2);
    await app.client().register('eve@example.com');
    for (let tries = 0; tries < 8; tries += 1) {
      const { status, body } = await app.client().signIn(EMAIL, tries % 2 === 0 ? 'password' : WRONG);
      expect([status, body.code]).toEqual([503, 'STORE_UNAVAILABLE']);
    }
    expect((await app.client().signIn('eve@example.com')).status).toBe(200);
    await storeHash(app, HASHES[2][2]);
    expect((await app.client().signIn(EMAIL, 'password')).status).toBe(200);
  });
});

it('a site may change to argon2 and back, and everybody goes on signing in', async () => {
  const place = { ...STACKS[1]!, ...(await newPlace('postgres')) };
  const forms = [];
  for (const hasher of [BcryptPasswordHasher, Argon2PasswordHasher, BcryptPasswordHasher]) {
    const app = await start({ ...place, ...withHasher(hasher) });
    await app.client().register(EMAIL);
    expect((await app.client().signIn(EMAIL, WRONG)).status).toBe(401);
    expect((await app.client().signIn(EMAIL)).status).toBe(200);
    await settled(app);
    forms.push((await storedHash(app)).split('$').slice(1, 4).join('$'));
  }
  expect(forms).toEqual(['gatehouse$v=1$2b', 'gatehouse$v=1$argon2id', 'gatehouse$v=1$2b']);
});
