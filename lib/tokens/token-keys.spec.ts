import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { StartUpError } from '../errors/start-up-error.js';
import { Keyring } from '../keys/keyring.js';
import type { AuthValues } from '../options/auth-options.js';
import { resolveSettings } from '../options/resolve-options.js';
import { TestClock } from '../testing/test-clock.js';
import { TokenKeys } from './token-keys.js';

const SECRET = 'q3Vw8nZr1TtXy6Lk0BhJd5Fg2Sa9PoIuEeRrWwQqMmN';
const OTHER = 'Zx7Cv1Bn4Mq8Wp2Er6Ty0Ui5Oa3Sd9Fg-Hj_KlQzXcV';
const NOT_AFTER = '2030-01-01T00:00:00Z';

const PAIRS = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey,
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  EdDSA: generateKeyPairSync('ed25519').privateKey,
};

type Algorithm = keyof typeof PAIRS;

function privatePem(algorithm: Algorithm): string {
  return PAIRS[algorithm].export({ type: 'pkcs8', format: 'pem' }) as string;
}

function publicPem(algorithm: Algorithm): string {
  return createPublicKey(PAIRS[algorithm]).export({ type: 'spki', format: 'pem' }) as string;
}

function tokenKeys(values: Partial<AuthValues> = {}, clock = new TestClock(Date.parse('2029-12-31T00:00:00Z'))) {
  const settings = resolveSettings({ secret: SECRET, baseUrl: 'http://localhost', ...values }, { NODE_ENV: 'test' });
  return { keys: new TokenKeys(settings, new Keyring(settings, clock), clock), clock };
}

describe('the keys of access tokens', () => {
  it('are one of the secret without a key pair, and nothing is published', () => {
    const { keys } = tokenKeys();
    expect(keys.signing).toMatchObject({ algorithm: 'HS256', notAfter: undefined });
    expect(keys.find(keys.signing.kid)).toBe(keys.signing);
    expect(keys.published()).toBeUndefined();
  });

  it.each(Object.keys(PAIRS) as Algorithm[])(
    'are a pair that signs %s, and that of the secret verifies',
    (algorithm) => {
      const { keys } = tokenKeys({ tokens: { signingKey: { privateKey: privatePem(algorithm) } } });
      expect(keys.signing.algorithm).toBe(algorithm);
      expect(keys.signing.verifyKey.type).toBe('public');
      expect(keys.find(keys.signing.kid)).toMatchObject({ algorithm });
      expect(keys.find(tokenKeys().keys.signing.kid)?.algorithm).toBe('HS256');
    },
  );

  it('are no longer those of the secret beside a pair, once tokens.acceptSecretUntil has passed', () => {
    const { kid } = tokenKeys().keys.signing;
    const tokens = { signingKey: { privateKey: privatePem('ES256') }, acceptSecretUntil: NOT_AFTER };
    const { keys, clock } = tokenKeys({ tokens });
    expect(keys.find(kid)?.algorithm).toBe('HS256');
    clock.advance(Date.parse(NOT_AFTER) - clock.now());
    expect(keys.find(kid)).toBeUndefined();
    expect(keys.find(keys.signing.kid)?.algorithm).toBe('ES256');
  });

  it('are found by a text that is their id, and by nothing else', () => {
    const { keys } = tokenKeys();
    const { kid } = keys.signing;
    const others = [
      undefined,
      null,
      0,
      '',
      [kid],
      { kid },
      `${kid} `,
      kid.slice(1),
      '__proto__',
      'constructor',
      'size',
    ];
    for (const other of others) expect(keys.find(other)).toBeUndefined();
  });

  it('are no key of another purpose, and none of a secret that only opens', () => {
    const { keys } = tokenKeys({ acceptedSecrets: [{ secret: OTHER, use: 'unseal' }] });
    const accepted = tokenKeys({ secret: OTHER }).keys.signing.kid;
    expect(keys.find(accepted)).toBeUndefined();
    const { keys: both } = tokenKeys({ acceptedSecrets: [{ secret: OTHER, use: 'all' }] });
    expect(both.find(accepted)?.algorithm).toBe('HS256');
    expect(both.signing.kid).not.toBe(accepted);
  });

  it('are published as public keys alone, in the form of RFC 7517', () => {
    const acceptedKeys = [{ publicKey: publicPem('RS256'), kid: 'rsa' }];
    const { keys } = tokenKeys({
      tokens: { signingKey: { privateKey: privatePem('ES256'), kid: 'ec' }, acceptedKeys },
    });
    const published = keys.published()!.keys;
    expect(published.map(({ kid, alg, use, kty }) => [kid, alg, use, kty])).toEqual([
      ['rsa', 'RS256', 'sig', 'RSA'],
      ['ec', 'ES256', 'sig', 'EC'],
    ]);
    for (const key of published) {
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key).not.toHaveProperty(secret);
    }
  });

  it('retire at their moment: neither found nor published any more', () => {
    const acceptedKeys = [{ publicKey: publicPem('EdDSA'), kid: 'old', notAfter: NOT_AFTER }];
    const { keys, clock } = tokenKeys({ tokens: { acceptedKeys } });
    const key = keys.find('old')!;
    clock.advance(Date.parse(NOT_AFTER) - clock.now() - 1);
    expect(keys.isOver(key)).toBe(false);
    expect(keys.published()!.keys).toHaveLength(1);
    clock.advance(1);
    expect(keys.isOver(key)).toBe(true);
    expect(keys.find('old')).toBeUndefined();
    expect(keys.published()).toBeUndefined();
  });

  it('never stand under the id of one that is derived: each such option is named at the start', () => {
    const [signing, accepted] = [SECRET, OTHER].map((secret) => tokenKeys({ secret }).keys.signing.kid);
    const start = (secrets: Partial<AuthValues>) => () =>
      tokenKeys({
        ...secrets,
        tokens: {
          signingKey: { privateKey: privatePem('ES256'), kid: signing! },
          acceptedKeys: [
            { publicKey: publicPem('RS256'), kid: 'rsa' },
            { publicKey: publicPem('EdDSA'), kid: accepted!, notAfter: NOT_AFTER },
          ],
        },
      });
    const problemsOf = (work: () => unknown): readonly string[] => {
      try {
        work();
      } catch (error) {
        if (error instanceof StartUpError) return error.problems.map((problem) => problem.split(':')[0]!);
      }
      return [];
    };
    const [one, other] = ['tokens.signingKey.kid', 'tokens.acceptedKeys[1].kid'];
    expect(problemsOf(start({ secret: SECRET }))).toEqual([one]);
    expect(problemsOf(start({ secret: OTHER }))).toEqual([other]);
    expect(problemsOf(start({ secret: SECRET, acceptedSecrets: [{ secret: OTHER }] }))).toEqual([one, other]);
    // A secret of its own for the purpose leaves the main one without a key here.
    expect(start({ secret: SECRET, secrets: { 'access-token': `${SECRET}${OTHER}` } })).not.toThrow();
  });
});
