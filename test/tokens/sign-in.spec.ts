import { afterEach, describe, expect, it } from 'vitest';
import { TestClock } from '../../lib/testing/index.js';
import { newPerson } from '../sessions/kit.js';
import { ADAPTERS, PASSWORD, type AppSetup, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { askToken, asBearer, claimsOf, DAY_MS, problemOf, rowOf, startTokens, tokensOf, usable } from './kit.js';

let app: TestApp;
afterEach(() => app.close());

const WRONG = '401 invalid_grant INVALID_CREDENTIALS';
const LOCKED = '429 temporarily_unavailable TOO_MANY_ATTEMPTS';

describe.each(ADAPTERS)('signing in for tokens on %s', (adapter) => {
  async function start(setup: AppSetup = {}): Promise<void> {
    app = await startTokens({ adapter, ...setup });
  }

  const guess = (username: string, more: object = {}): Promise<Answer> =>
    askToken(app, { grant_type: 'password', username, password: 'a wrong one altogether', ...more });

  it('locks the account after five wrong passwords, right ones included', async () => {
    await start();
    const { email } = await newPerson(app);
    for (let times = 0; times < 5; times += 1) expect(problemOf(await guess(email))).toBe(WRONG);
    for (const password of ['a wrong one altogether', PASSWORD]) {
      const answer = await askToken(app, { grant_type: 'password', username: email, password });
      expect(problemOf(answer)).toBe(LOCKED);
      expect(answer.headers.get('retry-after')).toBe('60');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.body).toEqual({
        statusCode: 429,
        error: 'temporarily_unavailable',
        error_description: 'Too many attempts. Try again later.',
        code: 'TOO_MANY_ATTEMPTS',
        message: 'Too many attempts. Try again later.',
      });
    }
    // The lock is the account's, at whichever door.
    expect((await app.client().signIn(email)).status).toBe(429);
  });

  it('lets a client in that keeps its device_token and no cookies while a stranger has locked the account', async () => {
    await start();
    const person = await newPerson(app);
    const first = await tokensOf(app, person);
    for (let times = 0; times < 6; times += 1) await guess(person.email);
    expect((await guess(person.email)).status).toBe(429);
    const second = await tokensOf(app, person, { device_token: first.device_token! });
    expect(await usable(app, second)).toBe(true);
    const login = { email: person.email, password: PASSWORD, deliver: 'tokens', deviceToken: second.device_token };
    const third = await app.client().post('/auth/login', login);
    expect(third.status).toBe(200);
    expect((await tokensOf(app, person, { device_token: third.body.device_token })).scope).toBe('notes:read');
    // Neither no token nor one of another account, nor one that was altered, opens the lock.
    const { device_token: foreign } = await tokensOf(app, await newPerson(app));
    const right = { grant_type: 'password', username: person.email, password: PASSWORD };
    for (const device_token of [undefined, foreign, `${first.device_token}A`, 'x', 'x'.repeat(5_000)]) {
      expect(problemOf(await askToken(app, { ...right, device_token }))).toBe(LOCKED);
    }
  });

  it('counts the wrong passwords of a known client apart', async () => {
    await start();
    const person = await newPerson(app);
    const { device_token } = await tokensOf(app, person);
    for (let times = 0; times < 5; times += 1) {
      expect(problemOf(await guess(person.email, { device_token }))).toBe(WRONG);
    }
    expect((await tokensOf(app, person)).token_type).toBe('Bearer');
  });

  it("answers tokens at /login, and neither session cookie nor CSRF token, for deliver: 'tokens'", async () => {
    await start();
    const { email, userId } = await newPerson(app, ['editor']);
    const answer = await app.client().signIn(email, PASSWORD, { deliver: 'tokens', scope: 'notes:write' });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual([
      'access_token',
      'device_token',
      'expires_in',
      'refresh_token',
      'scope',
      'status',
      'token_type',
      'user',
    ]);
    expect(answer.body).toMatchObject({ status: 'signed_in', user: { id: userId }, scope: 'notes:write' });
    expect(answer.setCookies.map((line) => line.split('=')[0])).toEqual(['auth_device']);
    expect(await usable(app, answer.body)).toBe(true);
    const wrong = await app.client().signIn(email, PASSWORD, { deliver: 'tokens', scope: 'token:introspect' });
    expect([wrong.status, wrong.body.error, wrong.body.code]).toEqual([400, 'Bad Request', 'VALIDATION_FAILED']);
    for (const deliver of ['both', '', null]) {
      expect((await app.client().signIn(email, PASSWORD, { deliver })).status).toBe(400);
    }
  });

  it('leaves the cookie session of the browser alone', async () => {
    await start();
    const { email } = await newPerson(app);
    const browser = app.client();
    await browser.signIn(email);
    const { body } = await browser.signIn(email, PASSWORD, { deliver: 'tokens' });
    expect((await browser.get('/whoami')).body.via).toBe('session');
    expect((await asBearer(app, body.access_token)).body.via).toBe('bearer');
  });

  it('knows one life of a token session, whatever rememberMe says', async () => {
    const clock = new TestClock();
    await start({ clock });
    const lives: number[][] = [];
    for (const rememberMe of [undefined, false, true]) {
      const person = await newPerson(app);
      const more = { deliver: 'tokens', ...(rememberMe === undefined ? {} : { rememberMe }) };
      expect((await app.client().signIn(person.email, PASSWORD, more)).status).toBe(200);
      const { createdAt, expiresAt, idleMs, remember, generation } = await rowOf(app, person);
      expect({ remember: Boolean(remember), generation }).toEqual({ remember: false, generation: 0 });
      lives.push([expiresAt - createdAt, idleMs]);
    }
    expect(lives).toEqual(new Array(3).fill([30 * DAY_MS, 14 * DAY_MS]));
  });

  it('says in the token what a service needs, and nothing that signs anybody in', async () => {
    const clock = new TestClock();
    await start({ clock });
    const { userId, email } = await newPerson(app, ['editor']);
    const { access_token, refresh_token } = await tokensOf(app, { userId, email });
    const claims = claimsOf(access_token);
    const now = Math.floor(clock.now() / 1_000);
    expect(claims).toMatchObject({
      iss: 'http://127.0.0.1:3000',
      aud: 'http://127.0.0.1:3000',
      sub: userId,
      client_id: 'app',
      iat: now,
      exp: now + 900,
      auth_time: now,
      amr: ['pwd'],
      roles: ['editor'],
    });
    expect(JSON.stringify(claims)).not.toContain(email);
    expect(JSON.stringify(claims)).not.toContain(refresh_token.split('.').at(-1));
  });
});
