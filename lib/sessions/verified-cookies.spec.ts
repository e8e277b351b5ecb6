import { expect, it } from 'vitest';
import { keyringOf, NEXT_SECRET } from '../../test/support/settings.js';
import { TestClock } from '../testing/test-clock.js';
import { SessionCookie } from './session-cookie.js';
import { VerifiedCookies } from './verified-cookies.js';

const reference = (n: number) => ({ userId: `u${n}`, sid: 'abcdefghijklmnopqrstuv' });

it('answers what was verified, and nothing for another spelling of it', () => {
  const cookies = new VerifiedCookies();
  cookies.add('a.b.c.d', reference(1));
  expect(cookies.get('a.b.c.d')).toEqual(reference(1));
  expect(cookies.get('a.b.c.e')).toBeUndefined();
  cookies.drop('a.b.c.d');
  expect(cookies.get('a.b.c.d')).toBeUndefined();
});

it('holds 5,000, and lets the ones go that were verified first', () => {
  const cookies = new VerifiedCookies();
  for (let n = 0; n < 5_000; n++) cookies.add(`c${n}`, reference(n));
  expect(cookies.get('c0')).toEqual(reference(0));
  for (let n = 5_000; n < 5_003; n++) cookies.add(`c${n}`, reference(n));
  expect(['c0', 'c1', 'c2'].map((value) => cookies.get(value))).toEqual([undefined, undefined, undefined]);
  expect(cookies.get('c3')).toEqual(reference(3));
  expect(cookies.get('c5002')).toEqual(reference(5_002));
});

it('does not outlive its key: a cookie that was verified is refused from the moment the secret ends', () => {
  const clock = new TestClock();
  const owner = reference(1);
  const value = new SessionCookie(keyringOf()).write(owner);
  const [accepted] = NEXT_SECRET.acceptedSecrets;
  const notAfter = new Date(clock.now() + 1_000).toISOString();
  const values = { ...NEXT_SECRET, acceptedSecrets: [{ ...accepted, notAfter }] };
  const cookie = new SessionCookie(keyringOf(values, clock));
  expect([cookie.read(value), cookie.read(value)]).toEqual([owner, owner]);
  clock.advance(999);
  expect(cookie.read(value)).toEqual(owner);
  clock.advance(1);
  expect([cookie.read(value), cookie.read(value)]).toEqual([undefined, undefined]);
});
