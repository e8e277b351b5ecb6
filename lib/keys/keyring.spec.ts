import { createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { resolveSettings } from '../options/resolve-options.js';
import type { AuthValues } from '../options/auth-options.js';
import type { AcceptedSecret } from '../options/token-options.js';
import { KEY_PURPOSES, type KeyPurpose } from '../options/key-purposes.js';
import { SystemClock, type Clock } from '../common/clock.js';
import { TestClock } from '../testing/test-clock.js';
import { Keyring } from './keyring.js';

const SECRET = 'q3Vw8nZr1TtXy6Lk0BhJd5Fg2Sa9PoIuEeRrWwQqMmN';
const OTHER = 'Zx7Cv1Bn4Mq8Wp2Er6Ty0Ui5Oa3Sd9Fg-Hj_KlQzXcV';

function keyring(values: Partial<AuthValues> = {}, clock: Clock = new SystemClock()): Keyring {
  return new Keyring(
    resolveSettings({ secret: SECRET, baseUrl: 'http://localhost', ...values }, { NODE_ENV: 'test' }),
    clock,
  );
}

let ring: Keyring;
beforeEach(() => {
  ring = keyring();
});

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
  it('changes that purpose alone', () => {
    const own = keyring({ secrets: { csrf: OTHER } });
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

describe('what every node and every release reads', () => {
  it('comes from the same derivation (RFC 5869), purpose by purpose', () => {
    const derived = (info: string, bytes: number) => Buffer.from(hkdfSync('sha256', SECRET, '', info, bytes));
    for (const purpose of KEY_PURPOSES.filter((each) => each !== 'seal')) {
      const kid = derived(`kid/${purpose}`, 6).toString('base64url');
      const mac = createHmac('sha256', derived(`gatehouse/${purpose}/v1`, 32))
        .update('données')
        .digest('base64url');
      expect(ring.sign(purpose, 'données')).toBe(`${kid}.${mac}`);
    }
    expect(ring.sealKids()).toEqual([derived('kid/seal', 6).toString('base64url')]);
  });

  it('is sealed by AES-256-GCM with kid and place as associated data', () => {
    const [version, kid, nonce, body] = ring.seal('geheim ü', 'row ü').split('.') as [string, string, string, string];
    const key = Buffer.from(hkdfSync('sha256', SECRET, '', 'gatehouse/seal/v1', 32));
    const bytes = Buffer.from(body, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'));
    decipher.setAAD(Buffer.from(`${version}.${kid}.row ü`)).setAuthTag(bytes.subarray(-16));
    expect(Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString()).toBe('geheim ü');
  });
});

it('is refused for a purpose that there is not', () => {
  expect(() => ring.sign('other' as KeyPurpose, 'data')).toThrow(TypeError);
});

it('is refused for data that are no text, whatever they hash to', () => {
  expect(ring.verify('csrf', ring.sign('csrf', '7'), 7 as never)).toBe(false);
  expect(ring.verify('csrf', ring.sign('csrf', 'data'), Buffer.from('data') as never)).toBe(false);
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

describe('an accepted secret', () => {
  const MOMENT = Date.parse('2027-01-01T00:00:00Z');
  const notAfter = new Date(MOMENT).toISOString();
  let old: Keyring;
  beforeEach(() => {
    old = keyring({ secret: OTHER });
  });

  /** Of a ring whose current secret is another one: what it does with what the old one made. */
  function use(entry: Omit<AcceptedSecret, 'secret'>, now: number) {
    const clock = new TestClock(now);
    const mixed = keyring({ acceptedSecrets: [{ secret: OTHER, ...entry }] }, clock);
    const ends = KEY_PURPOSES.map((purpose) => mixed.verify(purpose, old.sign(purpose, 'data'), 'data'));
    const opens = mixed.open(old.seal('value', 'aad'), 'aad') === 'value';
    return { verifies: new Set(ends), opens };
  }

  it.each<[string, Omit<AcceptedSecret, 'secret'>, number, boolean]>([
    ['without an end', {}, MOMENT, true],
    ['before its end', { notAfter }, MOMENT - 1, true],
    ['from its end on', { notAfter }, MOMENT, false],
    ['years later', { notAfter }, MOMENT + 1e12, false],
    ['that only opens', { use: 'unseal' }, MOMENT, false],
    ['that only opens, before its end', { use: 'unseal', notAfter }, MOMENT - 1, false],
    ['that only opens, after its end', { use: 'unseal', notAfter }, MOMENT + 1, false],
  ])('%s verifies what it signed in every purpose, or in none, and always opens', (_when, entry, now, verifies) => {
    expect(use(entry, now)).toEqual({ verifies: new Set([verifies]), opens: true });
  });

  it('never signs, seals or names', () => {
    const mixed = keyring({ acceptedSecrets: [{ secret: OTHER }] });
    for (const purpose of KEY_PURPOSES) expect(mixed.sign(purpose, 'data')).toBe(ring.sign(purpose, 'data'));
    expect(mixed.digest('identifier', 'ada')).toBe(ring.digest('identifier', 'ada'));
    expect(mixed.seal('value', 'aad').split('.')[1]).toBe(ring.seal('value', 'aad').split('.')[1]);
    expect(mixed.accessTokenKeys()[0]).toMatchObject({ kid: ring.accessTokenKeys()[0]!.kid, notAfter: undefined });
    expect(mixed.sealKids()).toEqual([...ring.sealKids(), ...old.sealKids()]);
  });

  it('signs on for what it has signed, while it verifies', () => {
    const clock = new TestClock(MOMENT - 1);
    const mixed = keyring({ acceptedSecrets: [{ secret: OTHER, notAfter }] }, clock);
    const [kid = ''] = old.sign('csrf', 'data').split('.');
    const [current = ''] = ring.sign('csrf', 'data').split('.');
    expect(mixed.signAs('csrf', kid, 'data')).toBe(old.sign('csrf', 'data'));
    expect(mixed.signAs('csrf', current, 'data')).toBe(ring.sign('csrf', 'data'));
    expect(mixed.signAs('csrf', 'AAAAAAAA', 'data')).toBeUndefined();
    clock.advance(1);
    expect(mixed.signAs('csrf', kid, 'data')).toBeUndefined();
    expect(mixed.signAs('csrf', current, 'data')).toBe(ring.sign('csrf', 'data'));
  });

  it('names what it named, after the current one, by the canonical form of what was typed', () => {
    const mixed = keyring({ acceptedSecrets: [{ secret: OTHER, use: 'unseal' }] });
    const named = [ring.digest('identifier', 'ada@example.com'), old.digest('identifier', 'ada@example.com')];
    expect(mixed.digests('identifier', 'ada@example.com')).toEqual(named);
    expect(mixed.identifierDigest(' Ada@Example.com ')).toBe(named[0]);
  });

  it('makes what is outdated, and nothing else is', () => {
    const mixed = keyring({ acceptedSecrets: [{ secret: OTHER }] });
    const [current, outdated] = [ring.sign('csrf', 'data'), old.sign('csrf', 'data')];
    expect(mixed.isOutdated('csrf', outdated, 'data')).toBe(true);
    expect(mixed.isOutdated('csrf', current, 'data')).toBe(false);
    expect(mixed.isOutdated('csrf', outdated, 'other')).toBe(false);
    expect(mixed.isOutdated('csrf', outdated.slice(0, -1), 'data')).toBe(false);
    expect(mixed.namesCurrent('csrf', current)).toBe(true);
    expect(mixed.namesCurrent('csrf', outdated)).toBe(false);
  });

  it('counts for no other purpose than the one it signed for', () => {
    const mixed = keyring({ acceptedSecrets: [{ secret: OTHER }] });
    for (const signed of KEY_PURPOSES) {
      for (const claimed of KEY_PURPOSES.filter((purpose) => purpose !== signed)) {
        expect(mixed.verify(claimed, old.sign(signed, 'data'), 'data')).toBe(false);
      }
    }
  });

  it('does not end the main secret, which it may name beside a secret of one purpose', () => {
    const clock = new TestClock(MOMENT);
    const mixed = keyring({ secrets: { csrf: OTHER }, acceptedSecrets: [{ secret: SECRET, notAfter }] }, clock);
    expect(mixed.verify('session-cookie', ring.sign('session-cookie', 'data'), 'data')).toBe(true);
    expect(mixed.verify('csrf', ring.sign('csrf', 'data'), 'data')).toBe(false);
    expect(mixed.verify('csrf', old.sign('csrf', 'data'), 'data')).toBe(true);
  });

  it('opens nothing that the secret of another purpose sealed', () => {
    expect(keyring({ secrets: { csrf: OTHER } }).open(old.seal('value', 'aad'), 'aad')).toBeUndefined();
    expect(keyring({ secrets: { seal: OTHER } }).open(ring.seal('value', 'aad'), 'aad')).toBe('value');
  });
});
