import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HEADER_RULES } from '../../../lib/tokens/access-token-rules.js';
import { parseJws, type TokenAlgorithm } from '../../../lib/tokens/jws.js';
import type { TokenKey } from '../../../lib/tokens/token-keys.js';
import { TokenPassport } from '../../../lib/tokens/token-passport.js';

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly result: 'valid' | 'invalid';
}

interface JwsVector extends Vector {
  readonly jws: string;
}

interface Ed25519Vector extends Vector {
  readonly msg: string;
  readonly sig: string;
}

interface Group<T extends Vector> {
  readonly comment: string;
  readonly alg: TokenAlgorithm;
  readonly key: JsonWebKey & { readonly kid: string };
  readonly tests: readonly T[];
}

/** Called valid, with characters that base64url does not have. */
const STRICTER = new Set([372, 373]);

const passport = new TokenPassport();

function groupsOf<T extends Vector>(file: string): readonly Group<T>[] {
  const text = readFileSync(new URL(`wycheproof/${file}`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { groups: Group<T>[] }).groups;
}

function keyObject(jwk: JsonWebKey): KeyObject {
  return jwk.kty === 'oct'
    ? createSecretKey(Buffer.from(jwk.k ?? '', 'base64url'))
    : createPublicKey({ key: jwk, format: 'jwk' });
}

/** As access tokens are checked, as far as it concerns the JWS alone: the vectors are no access tokens. */
async function isGood(token: string, key: TokenKey): Promise<boolean> {
  const jws = parseJws(token);
  if (jws === undefined || jws.header['kid'] !== key.kid) return false;
  const rules = HEADER_RULES.filter(({ name }) => name !== 'typ');
  return rules.every((rule) => rule.holds(jws.header, key)) && passport.verify({ token, jws, key });
}

describe('Wycheproof: JSON Web Signature', () => {
  for (const { comment, alg, key, tests } of groupsOf<JwsVector>('json-web-signature.json')) {
    const tokenKey: TokenKey = { kid: key.kid, algorithm: alg, verifyKey: keyObject(key), notAfter: undefined };
    it.each(tests)(`${comment} $tcId $comment: $result`, async ({ tcId, jws, result }) => {
      expect(await isGood(jws, tokenKey)).toBe(result === 'valid' && !STRICTER.has(tcId));
    });
  }
});

describe('Wycheproof: Ed25519', () => {
  for (const { key, tests } of groupsOf<Ed25519Vector>('ed25519.json')) {
    const verifyKey = createPublicKey({ key, format: 'jwk' });
    const tokenKey: TokenKey = { kid: 'k', algorithm: 'EdDSA', verifyKey, notAfter: undefined };
    it.each(tests)('$tcId $comment: $result', async ({ msg, sig, result }) => {
      // The messages are no JWS: they stand where its signing input does.
      const signingInput = Buffer.from(msg, 'hex').toString('latin1');
      const jws = { header: {}, signingInput, payload: Buffer.from('{}'), signature: Buffer.from(sig, 'hex') };
      expect(await passport.verify({ token: '', jws, key: tokenKey })).toBe(result === 'valid');
    });
  }
});
