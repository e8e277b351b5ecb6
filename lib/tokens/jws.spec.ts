import { createPublicKey, createSecretKey, generateKeyPairSync, verify, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { jsonObject, LONGEST_JWS, parseJws, signJws, type TokenAlgorithm } from './jws.js';

const KEYS: Readonly<Record<TokenAlgorithm, KeyObject>> = {
  HS256: createSecretKey(Buffer.alloc(32, 1)),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey,
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  EdDSA: generateKeyPairSync('ed25519').privateKey,
};

function encoded(text: string | Buffer): string {
  return Buffer.from(text).toString('base64url');
}

describe('a JWS in compact form', () => {
  it.each(Object.entries(KEYS))('comes apart into what was signed: %s', (alg, key) => {
    const jws = parseJws(signJws(alg as TokenAlgorithm, key, { alg, typ: 'at+jwt' }, { sub: 'Åse', roles: [] }))!;
    expect(jws.header).toEqual({ alg, typ: 'at+jwt' });
    expect(jsonObject(jws.payload)).toEqual({ sub: 'Åse', roles: [] });
    expect(jws.signature).toHaveLength({ HS256: 32, RS256: 256, ES256: 64, EdDSA: 64 }[alg]!);
  });

  it('has R and S side by side when ES256 signs (RFC 7518 §3.4)', () => {
    const { signingInput, signature } = parseJws(signJws('ES256', KEYS.ES256, {}, {}))!;
    const key = createPublicKey(KEYS.ES256);
    expect(verify('sha256', Buffer.from(signingInput), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  it('is what RFC 7515 appendix A.1 says for its key, header and payload', () => {
    const k = 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow';
    const input =
      'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
    const jws = parseJws(`${input}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`)!;
    expect(jws.signingInput).toBe(input);
    expect(jws.header).toEqual({ typ: 'JWT', alg: 'HS256' });
    const signed = signJws('HS256', createSecretKey(Buffer.from(k, 'base64url')), jws.header, {});
    expect(parseJws(signed)!.header).toEqual(jws.header);
  });

  it.each([
    ['no part', ''],
    ['one part', 'e30'],
    ['two parts', 'e30.e30'],
    ['four parts', 'e30.e30.AA.AA'],
    ['five parts', 'e30.e30.AA.AA.AA'],
    ['an empty header', '.e30.AA'],
    ['an empty payload', 'e30..AA'],
    ['an empty signature', 'e30.e30.'],
    ['padding', 'e30=.e30.AA'],
    ['padding behind it', 'e30.e30.AA=='],
    ['the alphabet of base64', 'e30.e30.+/+/'],
    ['unused bits', 'e30.e30.AB'],
    ['half a byte', 'e30.e30.A'],
    ['a space', 'e30.e30. AA'],
    ['a line end', 'e30.e30.AA\n'],
    ['a header that is a list', `${encoded('[]')}.e30.AA`],
    ['a header that is text', `${encoded('"alg"')}.e30.AA`],
    ['a header that is null', `${encoded('null')}.e30.AA`],
    ['a header that is no JSON', `${encoded('{alg}')}.e30.AA`],
    ['a header behind a byte order mark', `${encoded('\uFEFF{}')}.e30.AA`],
    ['a header that is no UTF-8', `${encoded(Buffer.from('7b22c3223a317d', 'hex'))}.e30.AA`],
  ])('is none with %s', (_what, text) => {
    expect(parseJws(text)).toBeUndefined();
  });

  it.each([undefined, null, 1, {}, [], ['e30.e30.AA']])('is none when it is no text: %j', (value) => {
    expect(parseJws(value)).toBeUndefined();
  });

  it(`is none above ${LONGEST_JWS} characters`, () => {
    const longest = `e30.e30.${'A'.repeat(LONGEST_JWS - 8)}`;
    expect(parseJws(longest)?.signature).toHaveLength(6_138);
    expect(parseJws(`${longest}A`)).toBeUndefined();
    expect(parseJws(`${longest}AAAA`)).toBeUndefined();
  });

  it('keeps a member named __proto__ to itself', () => {
    const { header } = parseJws(`${encoded('{"__proto__":{"alg":"none"}}')}.e30.AA`)!;
    expect(header['alg']).toBeUndefined();
    expect('crit' in header).toBe(false);
  });
});

describe('a JSON object', () => {
  it.each(['[]', '"x"', '1', 'null', 'true', '', ' ', '{', '{}x', '\uFEFF{}'])('is not %j', (text) => {
    expect(jsonObject(Buffer.from(text))).toBeUndefined();
  });

  it('is text in UTF-8 (RFC 8725 §3.7)', () => {
    expect(jsonObject(Buffer.from('{"a":"Å"}'))).toEqual({ a: 'Å' });
    expect(jsonObject(Buffer.from('{"a":"Å"}', 'latin1'))).toBeUndefined();
    expect(jsonObject(Buffer.from('{}', 'utf16le'))).toBeUndefined();
  });
});
