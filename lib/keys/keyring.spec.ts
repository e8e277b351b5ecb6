import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../options/resolve-options.js';
import type { AuthValues } from '../options/auth-options.js';
import { KEY_PURPOSES } from '../options/key-purposes.js';
import { SystemClock } from '../common/clock.js';
import { Keyring } from './keyring.js';

const SECRET = 'q3Vw8nZr1TtXy6Lk0BhJd5Fg2Sa9PoIuEeRrWwQqMmN';
const OTHER = 'Zx7Cv1Bn4Mq8Wp2Er6Ty0Ui5Oa3Sd9Fg-Hj_KlQzXcV';

function keyring(values: Partial<AuthValues> = {}): Keyring {
  return new Keyring(
    resolveSettings({ secret: SECRET, baseUrl: 'http://localhost', ...values }, { NODE_ENV: 'test' }),
    new SystemClock(),
  );
}

const ring = keyring();

describe('signatures', () => {
  it('verify on every node that has the secret, under the same kid', () => {
    const signed = ring.sign('session-cookie', 'user.session');
    expect(signed).toMatch(/^[\w-]{8}\.[\w-]{43}$/);
    expect(keyring().sign('session-cookie', 'user.session')).toBe(signed);
    expect(keyring().verify('session-cookie', signed, 'user.session')).toBe(true);
  });

  it('are different for every purpose, key and kid', () => {
    const signatures = KEY_PURPOSES.map((purpose) => ring.sign(purpose, 'data').split('.'));
    expect(new Set(signatures.map(([kid]) => kid)).size).toBe(KEY_PURPOSES.length);
    expect(new Set(signatures.map(([, mac]) => mac)).size).toBe(KEY_PURPOSES.length);
    expect(ring.verify('csrf', ring.sign('session-cookie', 'data'), 'data')).toBe(false);
  });

  it('do not verify for other data, another kid or another secret', () => {
    const signed = ring.sign('csrf', 'data');
    const [kid, mac] = signed.split('.');
    expect(ring.verify('csrf', signed, 'other')).toBe(false);
    expect(ring.verify('csrf', `AAAAAAAA.${mac}`, 'data')).toBe(false);
    expect(ring.verify('csrf', `${kid}.${'A'.repeat(43)}`, 'data')).toBe(false);
    expect(keyring({ secret: OTHER }).verify('csrf', signed, 'data')).toBe(false);
  });

  it('have one spelling: base64url that decodes to the same bytes is refused', () => {
    const signed = ring.sign('csrf', 'data');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(signed.at(-1)!);
    // The last of 43 characters carries two bits that decode to nothing.
    const twin = signed.slice(0, -1) + alphabet[last ^ 1]!;
    expect(Buffer.from(twin.slice(9), 'base64url')).toEqual(Buffer.from(signed.slice(9), 'base64url'));
    for (const text of [twin, `${signed}=`, `${signed}\n`, ` ${signed}`, signed.replaceAll('-', '+').concat('.')]) {
      expect(ring.verify('csrf', text, 'data')).toBe(false);
    }
  });

  it.each(['', '.', '..', 'a', '\0', '\ud800', '__proto__.x', 'ÿ'.repeat(52), 'x'.repeat(100_000)])(
    'never throw on hostile text %#',
    (text) => {
      expect(ring.verify('session-cookie', text, 'data')).toBe(false);
      expect(ring.open(text, 'aad')).toBeUndefined();
    },
  );

  it.each([undefined, null, 7, {}, [], Symbol('s')])('never throw on a value that is no text %#', (value) => {
    expect(ring.verify('session-cookie', value as string, 'data')).toBe(false);
    expect(ring.open(value as string, 'aad')).toBeUndefined();
  });
});

describe('a secret of its own for one purpose', () => {
  const own = keyring({ secrets: { csrf: OTHER } });

  it('changes that purpose alone', () => {
    expect(own.sign('csrf', 'data')).not.toBe(ring.sign('csrf', 'data'));
    expect(own.sign('session-cookie', 'data')).toBe(ring.sign('session-cookie', 'data'));
  });
});

describe('digests', () => {
  it('name the same thing the same way, without a kid', () => {
    expect(ring.digest('identifier', 'ada@example.com')).toMatch(/^[\w-]{43}$/);
    expect(ring.digest('identifier', 'ada@example.com')).toBe(keyring().digest('identifier', 'ada@example.com'));
    expect(keyring({ secret: OTHER }).digest('identifier', 'ada@example.com')).not.toBe(
      ring.digest('identifier', 'ada@example.com'),
    );
  });
});

describe('sealing', () => {
  it.each(['', 'secret', 'ünï 🗝', 'x'.repeat(10_000)])('opens what was sealed %#', (plaintext) => {
    const sealed = ring.seal(plaintext, 'auth_totp.secret.1');
    expect(sealed).toMatch(/^v1\.[\w-]{8}\.[\w-]{16}\.[\w-]{22,}$/);
    expect(keyring().open(sealed, 'auth_totp.secret.1')).toBe(plaintext);
  });

  it('opens nowhere but where it was sealed for', () => {
    expect(ring.open(ring.seal('value', 'row 1'), 'row 2')).toBeUndefined();
  });

  it('never uses a nonce twice', () => {
    const nonces = Array.from({ length: 2_000 }, () => ring.seal('value', 'aad').split('.')[2]);
    expect(new Set(nonces).size).toBe(nonces.length);
  });

  it('refuses each changed byte, each other part and each other spelling', () => {
    const sealed = ring.seal('value', 'aad');
    const [version, kid, nonce, body] = sealed.split('.') as [string, string, string, string];
    const flipped = [...Buffer.from(body, 'base64url').keys()].map((index) => {
      const bytes = Buffer.from(body, 'base64url');
      bytes[index]! ^= 1;
      return [version, kid, nonce, bytes.toString('base64url')].join('.');
    });
    const others = [
      `v2.${kid}.${nonce}.${body}`,
      `${version}.AAAAAAAA.${nonce}.${body}`,
      `${version}.${kid}.${'A'.repeat(16)}.${body}`,
      `${version}.${kid}.${nonce}.${body.slice(0, -8)}`,
      `${version}.${kid}..${body}`,
      `${version}.${kid}.${nonce}.`,
      `${sealed}.`,
      `${sealed}=`,
    ];
    for (const text of [...flipped, ...others]) expect(ring.open(text, 'aad')).toBeUndefined();
  });

  it('does not open under another secret', () => {
    expect(keyring({ secret: OTHER }).open(ring.seal('value', 'aad'), 'aad')).toBeUndefined();
  });
});

it('shows no key', () => {
  expect(JSON.stringify(ring)).toBe('{}');
  expect(inspect(ring, { showHidden: true, depth: 10 })).not.toMatch(/KeyObject|Map|kid/);
  expect(Reflect.ownKeys(ring)).toEqual([]);
});
