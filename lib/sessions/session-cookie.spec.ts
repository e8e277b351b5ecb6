import { beforeEach, describe, expect, it } from 'vitest';
import { keyringOf, NEXT_SECRET } from '../../test/support/settings.js';
import { SessionCookie } from './session-cookie.js';

const SID = 'abcdefghijklmnopqrstuv';
const OWNER = { userId: 'u1', sid: SID };

let cookie: SessionCookie;

beforeEach(() => {
  cookie = new SessionCookie(keyringOf());
});

describe('the value of the session cookie', () => {
  it('names user and session, and reads as it was written', () => {
    const value = cookie.write(OWNER);
    expect(value).toMatch(/^dTE\.abcdefghijklmnopqrstuv\.[\w-]{8}\.[\w-]{43}$/);
    expect(cookie.read(value)).toEqual(OWNER);
    const other = { userId: 'größe/7', sid: SID };
    expect(cookie.read(cookie.write(other))).toEqual(other);
  });

  it('is nobody’s when anything of it is another', () => {
    const [user, sid, kid, mac] = cookie.write(OWNER).split('.') as [string, string, string, string];
    const altered = [
      [`dTI`, sid, kid, mac],
      [user, `${SID.slice(1)}w`, kid, mac],
      [user, sid, 'aaaaaaaa', mac],
      [user, sid, kid, `${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`],
    ];
    for (const parts of altered) expect(cookie.read(parts.join('.'))).toBeUndefined();
  });

  it('has one form alone', () => {
    const value = cookie.write(OWNER);
    for (const wrong of [`x${value} `, ` ${value}`, `${value}.`, `${value}x`, `.${value}`, '', '...', 'a.b.c.d']) {
      expect(cookie.read(wrong)).toBeUndefined();
      expect(cookie.isOutdated(wrong)).toBe(false);
    }
    const long = { userId: 'u'.repeat(96), sid: SID };
    expect(cookie.read(cookie.write(long))).toEqual(long);
    expect(cookie.read(cookie.write({ userId: 'u'.repeat(97), sid: SID }))).toBeUndefined();
    expect(cookie.read(cookie.write({ userId: '', sid: SID }))).toBeUndefined();
    expect(cookie.read(cookie.write({ userId: 'u1', sid: SID.slice(1) }))).toBeUndefined();
    expect(cookie.read(cookie.write({ userId: 'u1', sid: `${SID}w` }))).toBeUndefined();
  });

  it('is outdated when it is good and another key than the current one signed it', () => {
    const before = cookie.write(OWNER);
    expect(cookie.isOutdated(before)).toBe(false);
    const after = new SessionCookie(keyringOf(NEXT_SECRET));
    expect(after.read(before)).toEqual(OWNER);
    expect(after.isOutdated(before)).toBe(true);
    expect(after.isOutdated(after.write(OWNER))).toBe(false);
    const forged = `${before.slice(0, -1)}${before.endsWith('A') ? 'B' : 'A'}`;
    expect(after.isOutdated(forged)).toBe(false);
  });
});
