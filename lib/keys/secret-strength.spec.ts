import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { secretProblem } from './secret-strength.js';

// A mutation run judges hundreds of mutants by them.
const SAMPLES = process.env.MUTATION_FOLDER === undefined ? 5_000 : 20;

describe('random secrets always pass', () => {
  it.each(['base64', 'base64url', 'hex'] as const)('32 bytes as %s', (encoding) => {
    const refused = Array.from({ length: SAMPLES }, () => randomBytes(32).toString(encoding)).filter(
      (secret) => secretProblem(secret) !== undefined,
    );
    expect(refused).toEqual([]);
  });

  it('also with a word of a sample before them', () => {
    expect(secretProblem(`secret-${randomBytes(32).toString('base64url')}`)).toBeUndefined();
  });
});

describe('weak secrets are refused with the reason', () => {
  it.each([
    ['', 'short'],
    ['short', 'short'],
    [randomBytes(15).toString('hex'), 'short'],
    ['changemechangemechangemechangemechangeme', 'known'],
    ['your-256-bit-secret-your-256-bit-secret', 'known'],
    ['ThisIsMySecretKeyForJwtTokenSigning123!', 'known'],
    ['development-secret-do-not-use-in-production-please', 'known'],
    ['a'.repeat(64), 'repeated'],
    ['abcabcabcabcabcabcabcabcabcabcabcabc', 'repeated'],
    ['aB1$'.repeat(8), 'repeated'],
    ['Tr0ub4dor&3'.repeat(4), 'repeated'],
    [' '.repeat(40), 'repeated'],
    ['abcdefghijklmnopqrstuvwxyz0123456789', 'sequence'],
    ['0123456789abcdef0123456789abcdef', 'sequence'],
    ['zyxwvutsrqponmlkjihgfedcba9876543210', 'sequence'],
    ['qwertyuiopasdfghjklzxcvbnm1234567890', 'sequence'],
    ['the quick brown fox jumps over the lazy dog', 'words'],
    ['my favourite colours are orange and blue, really', 'words'],
    ['correct-horse-battery-staple-zebra-mountain', 'words'],
    ['8mzkx8qzmkq8xzz8kmxqqkz8xmm8zqxkk8q', 'few-characters'],
  ])('%#', (secret, reason) => {
    expect(secretProblem(secret)).toEqual({ reason, bytes: Buffer.byteLength(secret) });
  });
});

it('counts bytes, not characters', () => {
  expect(secretProblem('ü'.repeat(15))).toEqual({ reason: 'short', bytes: 30 });
});

it('looks at no more than the first 4,096 characters', () => {
  const good = randomBytes(1_024).toString('hex');
  expect(secretProblem('ab'.repeat(2_048) + good)).toEqual({ reason: 'repeated', bytes: 4_096 + good.length });
  expect(secretProblem('ab'.repeat(2_000) + good)).toBeUndefined();
});
