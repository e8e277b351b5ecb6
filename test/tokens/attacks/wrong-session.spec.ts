import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Keyring } from '../../../lib/keys/keyring.js';
import { SessionCookie } from '../../../lib/sessions/session-cookie.js';
import { PASSWORD, STACKS } from '../../support/app.js';
import { forge } from './forge.js';
import { Lab, type Holder } from './lab.js';

const SESSION_COOKIE = 'auth_session';

describe.each(STACKS)('Access tokens and whose they are, on $database', (stack) => {
  let lab: Lab;
  let other: Holder;
  let cookieSid: string;
  let cookie: string;
  let csrfToken: string;

  beforeAll(async () => {
    lab = await Lab.start('HS256', stack);
    other = await lab.signUp('bea@example.com');
    const browser = lab.app.client();
    await browser.signIn('ada@example.com', PASSWORD);
    cookie = browser.cookies.get(SESSION_COOKIE)!;
    csrfToken = browser.csrfToken!;
    cookieSid = lab.app.get(SessionCookie).read(cookie)!.sid;
  });

  afterAll(() => lab.app.close());

  /** Signed by our own key, as an application might that shares it. */
  const mixed = (): Record<string, object> => ({
    'the user of another session': { sub: other.userId },
    'the session of another user': { sid: other.claims['sid'] },
    'a user whom nobody knows': { sub: 'nobody' },
    'a session that nobody knows': { sid: 'x'.repeat(22) },
    'a cookie session of the same user': { sid: cookieSid },
    'a user in capitals': { sub: lab.holder.userId.toUpperCase() },
    'a user with a space behind': { sub: `${lab.holder.userId} ` },
    'a user with a NUL behind': { sub: `${lab.holder.userId}\0` },
    'half a character for a user': { sub: '\uD800' },
  });

  it('are refused when user and session are not one pair that has tokens', async () => {
    for (const [what, claims] of Object.entries(mixed())) {
      expect([what, (await lab.ask(lab.signed({ claims }))).status]).toEqual([what, 401]);
    }
    expect((await lab.ask(lab.signed())).status).toBe(200);
  });

  it('would pass, did nobody look at the session', async () => {
    const twin = await Lab.start('HS256', { ...stack, tokens: { checking: 'signature' } });
    for (const [what, claims] of Object.entries(mixed())) {
      const token = forge({ header: twin.header, payload: { ...twin.holder.claims, ...claims }, sign: twin.sign });
      expect([what, (await twin.ask(token)).status]).toEqual([what, 200]);
    }
    await twin.app.close();
  });

  it('say of a claim that is there twice what stands last (RFC 7519 §4)', async () => {
    const claims = JSON.stringify(lab.holder.claims);
    const first = forge({ header: lab.header, payload: `{"sub":"${other.userId}",${claims.slice(1)}`, sign: lab.sign });
    const last = forge({
      header: lab.header,
      payload: `${claims.slice(0, -1)},"sub":"${other.userId}"}`,
      sign: lab.sign,
    });
    expect((await lab.ask(first)).body).toEqual({ userId: lab.holder.userId, via: 'bearer' });
    expect((await lab.ask(last)).status).toBe(401);
  });

  it('are no other credential, and no other credential is one', async () => {
    const { token, refreshToken, deviceToken, userId, claims } = lab.holder;
    const asBearer = { refreshToken, deviceToken, cookie, csrfToken, sid: String(claims['sid']) };
    for (const [what, credential] of Object.entries(asBearer)) {
      expect([what, (await lab.ask(credential)).status]).toEqual([what, 401]);
    }
    const { sid } = lab.app.get(SessionCookie).read(cookie)!;
    const signed = lab.app.get(Keyring).sign('access-token', `${userId}.${sid}`);
    for (const value of [token, refreshToken, deviceToken, `${userId}.${sid}.${signed}`]) {
      const answer = await lab.app.client().get('/whoami', { headers: { cookie: `${SESSION_COOKIE}=${value}` } });
      expect(answer.status).toBe(401);
    }
    for (const refresh_token of [token, deviceToken, cookie, csrfToken]) {
      const answer = await lab.app.client().post('/auth/token/refresh', { refresh_token });
      expect([answer.status, answer.body.error]).toEqual([401, 'invalid_grant']);
    }
    const answer = await lab.app.client().get('/whoami', { headers: { cookie: `${SESSION_COOKIE}=${cookie}` } });
    expect(answer.status).toBe(200);
  });

  it('do not become a cookie: the session of tokens is in none', async () => {
    const { userId, claims } = lab.holder;
    const value = lab.app.get(SessionCookie).write({ userId, sid: String(claims['sid']) });
    const answer = await lab.app.client().get('/whoami', { headers: { cookie: `${SESSION_COOKIE}=${value}` } });
    expect(answer.status).toBe(401);
  });
});
