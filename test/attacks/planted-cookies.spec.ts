import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionCookie } from '../../lib/sessions/session-cookie.js';
import { newPerson, signedIn, WhoController, type Person } from '../sessions/kit.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import { cookieOf, HTTPS, SESSION, withCookies } from './kit.js';

const BARE = 'auth_session';

/** A neighbour under the same domain, or a page over plain http, can set cookies for ours, and cannot read any. */
describe.each(ADAPTERS)('cookies that somebody else has planted, on %s', (adapter) => {
  let app: TestApp;
  let mallory: Client;
  let victim: Client;
  let victimIs: Person;
  let planted: string;
  let own: string;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [WhoController],
      auth: { baseUrl: HTTPS, origins: [HTTPS], trustedProxyHops: 0, cookies: { xsrfCookie: true } },
    });
    mallory = await signedIn(app, await newPerson(app));
    victimIs = await newPerson(app);
    victim = await signedIn(app, victimIs);
    planted = mallory.cookies.get(SESSION)!;
    own = victim.cookies.get(SESSION)!;
  });
  afterAll(() => app.close());

  const whoIs = async (cookie: string): Promise<unknown> => {
    const { status, body } = await withCookies(app.client(), 'GET', '/whoami', cookie);
    return status === 200 ? body.userId : status;
  };

  it('a cookie without the prefix is none, beside ours and alone', async () => {
    expect(await whoIs(`${BARE}=${planted}`)).toBe(401);
    for (const cookie of [`${BARE}=${planted}; ${SESSION}=${own}`, `${SESSION}=${own}; ${BARE}=${planted}`]) {
      expect(await whoIs(cookie)).toBe(victimIs.userId);
    }
  });

  it('a name that only looks like ours is none: blanks, case, escapes, and what servers have taken for a space', async () => {
    const names = [
      '\u00a0__Host-auth_session',
      '\u0085__Host-auth_session',
      'â\u0080\u0080__Host-auth_session',
      '__host-auth_session',
      '__HOST-auth_session',
      '__Host-AUTH_SESSION',
      '%5F%5FHost-auth_session',
      '__Secure-auth_session',
      '__Host-auth_session[]',
      '__Host-auth_session ,x',
      '$Version=1,__Host-auth_session',
    ];
    for (const name of names) {
      expect([name, await whoIs(`${name}=${planted}`)]).toEqual([name, 401]);
      expect([name, await whoIs(`${name}=${planted}; ${SESSION}=${own}`)]).toEqual([name, victimIs.userId]);
    }
  });

  it('of two under one name a page of the victim changes nothing in the account of the other', async () => {
    const twice = `${SESSION}=${planted}; ${SESSION}=${own}`;
    const headers = { 'x-csrf-token': victim.csrfToken! };
    const answer = await withCookies(app.client(), 'POST', '/notes', twice, { body: {}, headers });
    expect([answer.status, answer.body.code]).toEqual([403, 'CSRF_FAILED']);
    const other = await withCookies(app.client(), 'POST', '/notes', `${SESSION}=${own}; ${SESSION}=${planted}`, {
      body: {},
      headers,
    });
    expect([other.status, other.body.userId]).toEqual([201, victimIs.userId]);
  });

  it('what binds a challenge, a link or a known browser has the prefix too', async () => {
    const forgot = await app.client().signIn(victimIs.email);
    const names = forgot.setCookies.map((line) => line.slice(0, line.indexOf('=')));
    expect(names.filter((name) => !name.startsWith('__Host-'))).toEqual(['XSRF-TOKEN']);
    for (const line of forgot.setCookies) {
      expect(line).toMatch(/; Path=\//);
      expect(line).toMatch(/; Secure/);
      expect(line).not.toMatch(/domain=/i);
    }
  });

  it('a planted session ends with the sign-in of its victim, and never becomes theirs', async () => {
    const thief = await signedIn(app, await newPerson(app));
    const value = thief.cookies.get(SESSION)!;
    const browser = app.client();
    browser.cookies.set(SESSION, value);
    const answer = await browser.signIn(victimIs.email);
    expect(answer.status).toBe(200);
    const given = cookieOf(answer, SESSION)!;
    expect(given).not.toBe(value);
    const cookies = app.get(SessionCookie);
    expect(cookies.read(given)!.sid).not.toBe(cookies.read(value)!.sid);
    expect(await whoIs(`${SESSION}=${given}`)).toBe(victimIs.userId);
    expect(await whoIs(`${SESSION}=${value}`)).toBe(401);
  });

  it('a session is named by its cookie alone: not by the address, a body or a header', async () => {
    for (const name of [SESSION, BARE, 'sid', 'sessionId']) {
      const path = `/whoami?${name}=${planted}`;
      expect((await app.client().get(path)).status).toBe(401);
      expect((await app.client().get('/whoami', { headers: { [`x-${name}`]: planted } })).status).toBe(401);
      const body = { email: victimIs.email, password: 'x'.repeat(20), [name]: planted };
      expect((await app.client().post('/auth/login', body)).status).toBe(400);
    }
  });

  it('a planted CSRF token is good for nobody else’s session', async () => {
    const token = mallory.csrfToken!;
    const attempts: readonly { readonly cookie: string; readonly headers: Record<string, string> }[] = [
      { cookie: `${SESSION}=${own}`, headers: { 'x-csrf-token': token } },
      // The readable cookie is for pages to copy from. The server never compares the two.
      { cookie: `${SESSION}=${own}; XSRF-TOKEN=${token}`, headers: { 'x-xsrf-token': token } },
      { cookie: `XSRF-TOKEN=${token}; ${SESSION}=${own}`, headers: { 'x-csrf-token': token } },
      { cookie: `${SESSION}=${own}; XSRF-TOKEN=${victim.csrfToken!}`, headers: {} },
    ];
    for (const { cookie, headers } of attempts) {
      const answer = await withCookies(app.client(), 'POST', '/notes', cookie, { body: {}, headers });
      expect([answer.status, answer.body?.code]).toEqual([403, 'CSRF_FAILED']);
    }
    const good = await victim.post('/notes', {});
    expect(good.status).toBe(201);
  });

  it('a CSRF token from before a sign-in is good for no session after it', async () => {
    const browser = await signedIn(app, await newPerson(app));
    const before = browser.csrfToken!;
    expect((await browser.signIn(victimIs.email)).status).toBe(200);
    const headers = { 'x-csrf-token': before };
    const answer = await browser.post('/notes', {}, { csrf: false, headers });
    expect([answer.status, answer.body.code]).toEqual([403, 'CSRF_FAILED']);
  });
});
