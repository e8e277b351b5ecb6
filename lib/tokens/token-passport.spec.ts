import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import globalPassport from 'passport';
import { describe, expect, it } from 'vitest';
import { parseJws, signJws, type TokenAlgorithm } from './jws.js';
import type { TokenKey } from './token-keys.js';
import { TokenPassport } from './token-passport.js';

type Pair = readonly [signKey: KeyObject, verifyKey: KeyObject];

function pair(signKey: KeyObject): Pair {
  return [signKey, signKey.type === 'secret' ? signKey : createPublicKey(signKey)];
}

const KEYS = {
  HS256: () =>
    pair(createSecretKey(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }))),
  RS256: () => pair(generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey),
  ES256: () => pair(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
  EdDSA: () => pair(generateKeyPairSync('ed25519').privateKey),
} as const satisfies Record<TokenAlgorithm, () => Pair>;

const ALGORITHMS = Object.keys(KEYS) as TokenAlgorithm[];

function tokenKey(algorithm: TokenAlgorithm, verifyKey: KeyObject): TokenKey {
  return { kid: 'k', algorithm, verifyKey, notAfter: undefined };
}

function verified(token: string, key: TokenKey): Promise<boolean> {
  return new TokenPassport().verify({ token, jws: parseJws(token)!, key });
}

describe.each(ALGORITHMS)('the signature of %s', (algorithm) => {
  const [signKey, verifyKey] = KEYS[algorithm]();
  const token = signJws(algorithm, signKey, { alg: algorithm }, { sub: '1' });

  it('is good by its key alone', async () => {
    expect(await verified(token, tokenKey(algorithm, verifyKey))).toBe(true);
    expect(await verified(token, tokenKey(algorithm, KEYS[algorithm]()[1]))).toBe(false);
  });

  it('is good for its bytes alone', async () => {
    const [header, , signature] = token.split('.');
    const other = `${header}.${Buffer.from('{"sub":"2"}').toString('base64url')}.${signature}`;
    expect(await verified(other, tokenKey(algorithm, verifyKey))).toBe(false);
  });

  it('is good whatever the claims say: they are judged by rules', async () => {
    for (const payload of [{}, { exp: 1 }, { nbf: 9e9 }, { exp: 'x', nbf: [] }, { iss: 'x', aud: ['y'] }]) {
      const signed = signJws(algorithm, signKey, { alg: algorithm }, payload);
      expect(await verified(signed, tokenKey(algorithm, verifyKey))).toBe(true);
    }
  });

  it('is bad under keys of every other kind', async () => {
    for (const other of ALGORITHMS.filter((name) => name !== algorithm)) {
      expect(await verified(token, tokenKey(other, KEYS[other]()[1]))).toBe(false);
    }
  });
});

it('leaves Passport’s own registry alone', () => {
  new TokenPassport();
  const registered = globalPassport as unknown as { _strategies: object };
  expect(Object.keys(registered._strategies)).toEqual(['session']);
});
