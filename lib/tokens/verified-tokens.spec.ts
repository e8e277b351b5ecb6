import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AccessClaims } from './access-claims.js';
import { VerifiedTokens } from './verified-tokens.js';

const KEY = {
  kid: 'k',
  algorithm: 'HS256',
  verifyKey: createSecretKey(Buffer.alloc(32)),
  notAfter: undefined,
} as const;

function entry(jti: string) {
  return { claims: { jti } as AccessClaims, key: KEY };
}

describe('verified tokens', () => {
  it('are known by their whole text', () => {
    const verified = new VerifiedTokens();
    verified.add('a.b.c', entry('1'));
    expect(verified.get('a.b.c')?.claims.jti).toBe('1');
    for (const other of ['a.b.C', 'a.b.c ', 'a.b', '', '__proto__']) expect(verified.get(other)).toBeUndefined();
    verified.drop('a.b.c');
    expect(verified.get('a.b.c')).toBeUndefined();
  });

  it('are not taken for others that end alike', () => {
    const verified = new VerifiedTokens();
    const tail = 's'.repeat(80);
    verified.add(`a.b.${tail}`, entry('1'));
    for (const other of [`a.c.${tail}`, `a.b.S${tail.slice(1)}`, tail]) expect(verified.get(other)).toBeUndefined();
    expect(verified.get(`a.b.${tail}`)?.claims.jti).toBe('1');
  });

  it('are 5,000 at most: the oldest makes room', () => {
    const verified = new VerifiedTokens();
    for (let number = 0; number <= 5_000; number += 1) verified.add(`t${number}`, entry(String(number)));
    expect(verified.get('t0')).toBeUndefined();
    expect(verified.get('t1')?.claims.jti).toBe('1');
    expect(verified.get('t5000')?.claims.jti).toBe('5000');
  });
});
