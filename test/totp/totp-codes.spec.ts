import { Secret } from 'otpauth';
import { describe, expect, it } from 'vitest';
import { enrolmentUri, newTotpSecret, stepOfCode } from '../../lib/features/totp/totp-codes.js';
import type { TotpAlgorithm } from '../../lib/index.js';

const SEED = '12345678901234567890';
const SEEDS = {
  'SHA-1': SEED,
  'SHA-256': `${SEED}123456789012`,
  'SHA-512': `${SEED}${SEED}${SEED}1234`,
} as const satisfies Record<TotpAlgorithm, string>;
const base32 = (text: string): string => Secret.fromLatin1(text).base32;

describe('RFC 6238 appendix B', () => {
  it.each([
    [59, '94287082', '46119246', '90693936'],
    [1111111109, '07081804', '68084774', '25091201'],
    [1111111111, '14050471', '67062674', '99943326'],
    [1234567890, '89005924', '91819424', '93441116'],
    [2000000000, '69279037', '90698825', '38618901'],
    [20000000000, '65353130', '77737706', '47863826'],
  ])('at %d s', (seconds, ...codes) => {
    (['SHA-1', 'SHA-256', 'SHA-512'] as const).forEach((algorithm, index) => {
      const parameters = { secret: base32(SEEDS[algorithm]), algorithm, digits: 8, period: 30 };
      const step = stepOfCode(codes[index]!, parameters, seconds * 1_000);
      expect(step, algorithm).toBe(Math.floor(seconds / 30));
    });
  });
});

it('RFC 4226 appendix D, as time steps', () => {
  const codes = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'];
  const parameters = { secret: base32(SEED), algorithm: 'SHA-1', digits: 6, period: 30 } as const;
  codes.forEach((code, step) => {
    const at = step * 30_000;
    expect(stepOfCode(code, parameters, at)).toBe(step);
    expect(stepOfCode(code, parameters, at + 29_999)).toBe(step);
    expect(stepOfCode(code, parameters, at + 30_000)).toBe(step);
    expect(stepOfCode(code, parameters, at + 59_999)).toBe(step);
    expect(stepOfCode(code, parameters, at + 60_000)).toBeUndefined();
    if (step > 1) {
      expect(stepOfCode(code, parameters, at - 1)).toBe(step);
      expect(stepOfCode(code, parameters, at - 30_000)).toBe(step);
      expect(stepOfCode(code, parameters, at - 30_001)).toBeUndefined();
    }
  });
});

describe('what is typed', () => {
  const parameters = { secret: base32(SEED), algorithm: 'SHA-1', digits: 6, period: 30 } as const;

  it.each(['755 224', ' 755224\n', '7 5 5 2 2 4', '755\u00a0224'])('%j is the code', (typed) => {
    expect(stepOfCode(typed, parameters, 0)).toBe(0);
  });

  it.each([
    '',
    ' ',
    '75522',
    '7552244',
    '75522a',
    '-55224',
    '7.5224',
    '0x2287',
    '７５５２２４',
    '755224\0',
    '💥💥💥',
    'é'.repeat(6),
  ])('%j is a wrong code, not an error', (typed) => {
    expect(stepOfCode(typed, parameters, 0)).toBeUndefined();
  });
});

it('a secret is new each time, of 160 bits at least, and as long as the hash', () => {
  const lengths = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 } as const;
  for (const [algorithm, bytes] of Object.entries(lengths)) {
    const made = Array.from({ length: 50 }, () => newTotpSecret(algorithm as TotpAlgorithm));
    expect(new Set(made).size).toBe(50);
    for (const secret of made) expect(Secret.fromBase32(secret).bytes.length).toBe(bytes);
  }
});

it('the URI names issuer, account and algorithm, whatever they are', () => {
  const parameters = { secret: base32(SEED), algorithm: 'SHA-256', digits: 6, period: 30 } as const;
  const uri = new URL(enrolmentUri(parameters, { issuer: 'A: B & C?', account: 'a+b@example.com' }));
  expect([uri.protocol, uri.host]).toEqual(['otpauth:', 'totp']);
  expect(decodeURIComponent(uri.pathname)).toBe('/A: B & C?:a+b@example.com');
  expect(Object.fromEntries(uri.searchParams)).toEqual({
    issuer: 'A: B & C?',
    secret: base32(SEED),
    algorithm: 'SHA256',
    digits: '6',
    period: '30',
  });
});
