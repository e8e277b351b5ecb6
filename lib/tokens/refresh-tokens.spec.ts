import { describe, expect, it } from 'vitest';
import { Keyring } from '../keys/keyring.js';
import type { AuthValues } from '../options/auth-options.js';
import { resolveSettings } from '../options/resolve-options.js';
import { TestClock } from '../testing/test-clock.js';
import { RefreshTokens, type RefreshReference } from './refresh-tokens.js';

const SECRET = 'q3Vw8nZr1TtXy6Lk0BhJd5Fg2Sa9PoIuEeRrWwQqMmN';
const OTHER = 'Zx7Cv1Bn4Mq8Wp2Er6Ty0Ui5Oa3Sd9Fg-Hj_KlQzXcV';
const REFERENCE: RefreshReference = { userId: 'användare-1', sid: 'aB3_-xYz0123456789AbCd', generation: 41 };

const clock = new TestClock();

function refreshTokens(values: Partial<AuthValues> = {}): RefreshTokens {
  const settings = resolveSettings({ secret: SECRET, baseUrl: 'http://localhost', ...values }, { NODE_ENV: 'test' });
  return new RefreshTokens(new Keyring(settings, clock));
}

const tokens = refreshTokens();
const text = tokens.write(REFERENCE);

describe('a refresh token', () => {
  it('is read as what was written', () => {
    expect(text).toMatch(/^[\w-]+\.[\w-]{22}\.41\.[\w-]{8}\.[\w-]{43}$/);
    expect(tokens.read(text)).toEqual(REFERENCE);
    expect(tokens.read(tokens.write({ ...REFERENCE, generation: 0 }))?.generation).toBe(0);
  });

  it('is the same text every time, on every node', () => {
    expect(refreshTokens().write(REFERENCE)).toBe(text);
  });

  it('is none when any character of it is another, is missing or is added', () => {
    for (let index = 0; index < text.length; index += 1) {
      const [before, after] = [text.slice(0, index), text.slice(index + 1)];
      const other = text[index] === 'A' ? 'B' : 'A';
      for (const forged of [before + other + after, before + after, `${before}${text[index]!}${text.slice(index)}`]) {
        if (forged !== text) expect(tokens.read(forged), forged).toBeUndefined();
      }
    }
  });

  it('has no second spelling', () => {
    const parts = text.split('.');
    const spellings = [
      text.replace('.41.', '.041.'),
      text.replace('.41.', '.+41.'),
      text.replace('.41.', '.41.0.'),
      `${text}=`,
      ` ${text}`,
      `${text}\n`,
      parts.slice(1).join('.'),
      `${'A'.repeat(129)}.${parts.slice(1).join('.')}`,
      text.replace('.41.', '.99999999999.'),
    ];
    for (const spelling of spellings) expect(tokens.read(spelling), spelling).toBeUndefined();
  });

  it('is not what other keys of the same secret sign', () => {
    const settings = resolveSettings({ secret: SECRET, baseUrl: 'http://localhost' }, { NODE_ENV: 'test' });
    const reference = text.split('.').slice(0, 3).join('.');
    const ring = new Keyring(settings, clock);
    expect(tokens.read(`${reference}.${ring.sign('refresh-token', reference)}`)).toEqual(REFERENCE);
    expect(tokens.read(`${reference}.${ring.sign('session-cookie', reference)}`)).toBeUndefined();
  });

  it('is good under an accepted secret until its time is over, and under no other', () => {
    const notAfter = new Date(clock.now() + 60_000).toISOString();
    const next = refreshTokens({ secret: OTHER, acceptedSecrets: [{ secret: SECRET, notAfter }] });
    expect(next.read(text)).toEqual(REFERENCE);
    expect(next.write(REFERENCE)).not.toBe(text);
    expect(refreshTokens({ secret: OTHER }).read(text)).toBeUndefined();
    clock.advance(60_000);
    expect(next.read(text)).toBeUndefined();
  });
});
