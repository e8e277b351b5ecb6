import { randomBytes } from 'node:crypto';
import bcrypt from 'bcrypt';
import { describe, expect, it } from 'vitest';
import type { AuthSettings } from '../options/auth-settings.js';
import { BcryptPasswordHasher } from './bcrypt-password-hasher.js';

class Counting extends BcryptPasswordHasher {
  readonly costs: number[] = [];

  constructor(cost: number) {
    super({ passwords: { cost } } as AuthSettings);
  }

  protected override bcrypt(input: string, salt: string): Promise<string> {
    this.costs.push(Number(salt.slice(4, 6)));
    return super.bcrypt(input, salt);
  }

  /** Work since the last call, in hashes of cost 0. */
  work(): number {
    return this.costs.splice(0).reduce((sum, cost) => sum + 2 ** cost, 0);
  }
}

const hasher = new Counting(4);

describe('BcryptPasswordHasher', () => {
  it('stores scheme, version, cost and a salt of its own', async () => {
    const [one, two] = [await hasher.hash('correct horse battery'), await hasher.hash('correct horse battery')];
    expect(one).toMatch(/^\$gatehouse\$v=1\$2b\$04\$[./A-Za-z0-9]{53}$/);
    expect(one.length).toBeLessThanOrEqual(255);
    expect(two).not.toBe(one);
    expect(await hasher.verify('correct horse battery', one)).toBe(true);
    expect(await hasher.verify('correct horse batterz', one)).toBe(false);
  });

  it('keeps the documented input, so that stored hashes verify for years', async () => {
    // base64(HMAC-SHA-256("gatehouse/password/v1", "correct horse battery")), computed outside this library.
    const keyed = 'Ph+4pN0Hec3FEq/YIWnAEOKXLnxYHXZ/zmD/exT2sMU=';
    const stored = `$gatehouse$v=1${bcrypt.hashSync(keyed, 4)}`;
    expect(await hasher.verify('correct horse battery', stored)).toBe(true);
  });

  it.each([
    ['is cut at 72 bytes', 'x'.repeat(72) + 'y', 'x'.repeat(72)],
    ['is cut at 72 bytes of emoji', '🦊'.repeat(63) + 'a', '🦊'.repeat(63) + 'b'],
    ['is cut at NUL', 'before\0after the zero', 'before\0other'],
    ['is cut before NUL', 'before\0after the zero', 'before'],
    ['ignores case', 'Correct horse battery', 'correct horse battery'],
    ['ignores a trailing space', 'correct horse battery ', 'correct horse battery'],
    ['ignores a leading space', ' correct horse battery', 'correct horse battery'],
  ])('never %s', async (_, password, other) => {
    const stored = await hasher.hash(password);
    expect(await hasher.verify(password, stored)).toBe(true);
    expect(await hasher.verify(other, stored)).toBe(false);
  });

  it('takes composed and decomposed text for the same', async () => {
    const stored = await hasher.hash('Käsebrötchen mit Gurke'.normalize('NFD'));
    expect(await hasher.verify('Käsebrötchen mit Gurke'.normalize('NFC'), stored)).toBe(true);
    expect(await hasher.verify('Kasebrotchen mit Gurke', stored)).toBe(false);
  });

  it('gives a leaked foreign hash no use as ours, and ours no use as a plain one', async () => {
    const plain = bcrypt.hashSync('correct horse battery', 4);
    expect(await hasher.verify('correct horse battery', `$gatehouse$v=1${plain}`)).toBe(false);
    const ours = await hasher.hash('correct horse battery');
    expect(await hasher.verify('correct horse battery', ours.slice('$gatehouse$v=1'.length))).toBe(false);
  });

  it.each(['2a', '2b', '2y'])(
    'verifies a plain $%s$ hash of an imported table and wants it made anew',
    async (revision) => {
      const stored = bcrypt.hashSync('correct horse battery', 4).replace('$2b$', `$${revision}$`);
      await expect(hasher.verify('correct horse battery', stored)).resolves.toBe(true);
      expect(await hasher.verify('correct horse batterz', stored)).toBe(false);
      expect(hasher.needsRehash(stored)).toBe(true);
    },
  );

  it('verifies the published test vectors of bcrypt', async () => {
    expect(await hasher.verify('U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW')).toBe(true);
    expect(await hasher.verify('U*U*', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK')).toBe(true);
  });

  it('reads the first 72 bytes of a plain hash, in every revision', async () => {
    const long = Array.from({ length: 100 }, (_, index) => String(100 + index)).join('');
    for (const revision of ['2a', '2b', '2y']) {
      const stored = bcrypt.hashSync(long, 4).replace('$2b$', `$${revision}$`);
      expect(await hasher.verify(long, stored)).toBe(true);
      expect(await hasher.verify(long.slice(0, 72), stored)).toBe(true);
      expect(await hasher.verify(long.slice(0, 71), stored)).toBe(false);
    }
  });

  it('wants cheaper hashes made anew and leaves current and dearer ones', async () => {
    const stored = await new Counting(5).hash('correct horse battery');
    expect(new Counting(6).needsRehash(stored)).toBe(true);
    expect(new Counting(5).needsRehash(stored)).toBe(false);
    expect(new Counting(4).needsRehash(stored)).toBe(false);
    expect(await new Counting(4).verify('correct horse battery', stored)).toBe(true);
  });

  it('spends the same work on right, wrong, imported, cheaper and malformed', async () => {
    const current = new Counting(7);
    const plain = bcrypt.hashSync('correct horse battery', 5);
    const cheap = await new Counting(4).hash('correct horse battery');
    const own = await current.hash('correct horse battery');
    current.work();
    for (const stored of [own, cheap, plain, plain.replace('2b', '2y'), 'nonsense', '']) {
      for (const password of ['correct horse battery', 'wrong']) {
        await current.verify(password, stored);
        expect(current.work()).toBe(2 ** 7);
      }
    }
  });

  it('answers wrong for whatever is stored, never an error', async () => {
    const real = await hasher.hash('correct horse battery');
    const plain = bcrypt.hashSync('correct horse battery', 4);
    const malformed = [
      '',
      'nonsense',
      '$2b$',
      '$2b$04$',
      '$2x$04$' + plain.slice(7),
      '$2$04$' + plain.slice(7),
      '$2b$31$' + plain.slice(7),
      '$2b$16$' + plain.slice(7),
      '$2b$03$' + plain.slice(7),
      '$2b$99$' + plain.slice(7),
      '$2b$4$' + plain.slice(7),
      plain + 'a',
      plain + '\n',
      plain.slice(0, -1),
      plain.slice(0, 30) + '\0' + plain.slice(31),
      ' ' + plain,
      real.slice(0, -1),
      real.replace('v=1', 'v=2'),
      '$gatehouse$v=1$gatehouse$v=1' + plain,
      '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWRWJTmaaJObG',
      '!'.repeat(100_000),
      null as unknown as string,
      undefined as unknown as string,
      {} as unknown as string,
      ...Array.from({ length: 100 }, () => randomBytes(60).toString('latin1')),
      ...Array.from({ length: 100 }, (_, index) => {
        const at = index % plain.length;
        return plain.slice(0, at) + '*' + plain.slice(at + 1);
      }),
    ];
    for (const stored of malformed) {
      await expect(hasher.verify('correct horse battery', stored)).resolves.toBe(false);
      expect(hasher.needsRehash(stored)).toBe(true);
    }
  });
});
