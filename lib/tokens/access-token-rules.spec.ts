import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CLAIM_RULES, HEADER_RULES, type Expected } from './access-token-rules.js';
import type { TokenKey } from './token-keys.js';

const NOW = 1_800_000_000;
const KEY: TokenKey = {
  kid: 'k',
  algorithm: 'HS256',
  verifyKey: createSecretKey(Buffer.alloc(32)),
  notAfter: undefined,
};
const EXPECTED: Expected = {
  issuer: 'https://auth.example',
  audience: 'https://api.example',
  now: NOW * 1_000,
  longestLifeMs: 86_400_000,
  mayBeExpired: false,
};
const CLAIMS = {
  iss: EXPECTED.issuer,
  aud: EXPECTED.audience,
  sub: '1',
  sid: 'x'.repeat(22),
  jti: 'j',
  iat: NOW,
  exp: NOW + 900,
  scope: '',
  roles: [],
  amr: ['pwd'],
  auth_time: NOW,
  email_verified: false,
  session: { id: 's', end: NOW * 2_000, fresh: 0 },
};

function broken(claims: object, expected: Partial<Expected> = {}): string[] {
  const all = { ...EXPECTED, ...expected };
  return CLAIM_RULES.filter((rule) => !rule.holds({ ...CLAIMS, ...claims }, all)).map(({ name }) => name);
}

describe('the claims of an access token', () => {
  it('hold as we write them', () => {
    expect(broken({})).toEqual([]);
  });

  it.each(Object.keys(CLAIMS))('may not do without %s', (name) => {
    expect(broken({ [name]: undefined })).toContain(name);
  });

  it('may come from a clock that is 30 s ahead', () => {
    expect(broken({ iat: NOW + 30, nbf: NOW + 30 })).toEqual([]);
    expect(broken({ iat: NOW + 31, nbf: NOW + 31 })).toEqual(['iat', 'nbf']);
  });

  it('hold until the second of exp, which is over', () => {
    expect(broken({}, { now: (NOW + 900) * 1_000 - 1 })).toEqual([]);
    expect(broken({}, { now: (NOW + 900) * 1_000 })).toEqual(['exp']);
  });

  it('may be over where they only say whose session ends, and nothing else may be wrong then', () => {
    expect(broken({}, { now: (NOW + 9_000) * 1_000, mayBeExpired: true })).toEqual([]);
    expect(broken({ exp: '9' }, { mayBeExpired: true })).toEqual(['exp', 'life']);
    expect(broken({ aud: 'x' }, { mayBeExpired: true })).toEqual(['aud']);
  });

  it('live from above nothing to 24 hours', () => {
    expect(broken({ exp: NOW + 86_400 })).toEqual([]);
    expect(broken({ exp: NOW + 86_401 })).toEqual(['life']);
    expect(broken({ iat: NOW + 20, exp: NOW + 20 })).toEqual(['life']);
  });

  it('may be more than we know of', () => {
    expect(broken({ tenant: 't', cnf: { jkt: 'x' } })).toEqual([]);
  });
});

describe('the header of an access token', () => {
  const names = (header: object): string[] =>
    HEADER_RULES.filter((rule) => !rule.holds(header as Record<string, unknown>, KEY)).map(({ name }) => name);

  it('has the algorithm of the key, our type and nothing critical', () => {
    expect(names({ alg: 'HS256', typ: 'at+jwt', kid: 'k' })).toEqual([]);
    expect(names({ alg: 'RS256', typ: 'JWT', crit: [] })).toEqual(['alg', 'typ', 'crit']);
    expect(names({})).toEqual(['alg', 'typ']);
  });

  it('may hold what we do not know, which is not followed (RFC 7515 §4)', () => {
    expect(names({ alg: 'HS256', typ: 'at+jwt', jku: 'https://attacker.example', x5c: [] })).toEqual([]);
  });
});
