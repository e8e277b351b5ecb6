import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STANDS, PASSWORD } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { NEW_PASSWORD, RecoveryLab, times, whoami, WRONG, type TokenPair } from './kit.js';

const MINUTE_MS = 60_000;

function change(client: Client, currentPassword = PASSWORD, password = NEW_PASSWORD): Promise<Answer> {
  return client.post('/auth/password/change', { currentPassword, password });
}

describe.each(STANDS)('the own password on $adapter, $database and $store', (setup) => {
  let lab: RecoveryLab;
  beforeAll(async () => {
    lab = await RecoveryLab.start(setup);
  });
  afterAll(() => lab.close());

  function withToken(path: string, { access_token: token }: TokenPair, body: object): Promise<Answer> {
    return lab.app.client().post(path, body, { headers: { authorization: `Bearer ${token}` } });
  }

  it('is changed in a browser: its session goes on under a new id, all others end', async () => {
    const owner = await lab.newPerson();
    const [browser, other] = [await lab.signedIn(owner), await lab.signedIn(owner)];
    const tokens = await lab.tokensOf(owner);
    const before = { headers: { cookie: browser.cookieHeader() } };
    const absoluteEnd = (await browser.get('/auth/session')).body.expiresAt;
    const csrf = browser.csrfToken;
    lab.clock.advance(MINUTE_MS);

    const answer = await change(browser);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body)).toEqual(['status', 'user', 'csrfToken']);
    expect(answer.body.user).toMatchObject({ id: owner.userId, email: owner.email });
    expect(answer.body.csrfToken).toBe(csrf);
    expect(answer.setCookies.some((line) => line.startsWith('auth_session='))).toBe(true);

    expect((await browser.get('/whoami')).status).toBe(200);
    expect((await browser.post('/notes')).status).toBe(201);
    expect((await browser.get('/auth/session')).body).toMatchObject({ expiresAt: absoluteEnd, methods: ['pwd'] });
    expect((await lab.app.client().get('/whoami', before)).status).toBe(401);
    expect((await other.get('/whoami')).status).toBe(401);
    expect((await whoami(lab.app, tokens)).status).toBe(401);
    expect((await browser.get('/auth/sessions')).body.items).toHaveLength(1);
    expect((await lab.app.client().signIn(owner.email)).status).toBe(401);
    await lab.signedIn(owner, NEW_PASSWORD);
    await lab.mail(owner.email, 'password-changed');
    const [row, ...more] = await lab.audited(owner.userId, 'password');
    expect(more).toEqual([]);
    expect(row).toMatchObject({ type: 'password.changed', outcome: 'success', actorId: owner.userId });
  });

  it('keeps what was said at the sign-in: remember-me goes on', async () => {
    const owner = await lab.newPerson();
    const browser = await lab.signedIn(owner, PASSWORD, { rememberMe: true });
    const cookie = (await change(browser)).setCookies.find((line) => line.startsWith('auth_session='));
    expect(cookie).toMatch(/Max-Age=2592000/i);
    lab.clock.advance(60 * MINUTE_MS);
    expect((await browser.get('/whoami')).status).toBe(200);
  });

  it('is changed with an access token: tokens come back, which replace the old ones', async () => {
    const owner = await lab.newPerson();
    const [old, browser] = [await lab.tokensOf(owner), await lab.signedIn(owner)];
    const answer = await withToken('/auth/password/change', old, { currentPassword: PASSWORD, password: NEW_PASSWORD });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'signed_in', token_type: 'Bearer', user: { id: owner.userId } });
    expect(answer.setCookies.some((line) => line.startsWith('auth_session='))).toBe(false);
    expect((await whoami(lab.app, old)).status).toBe(401);
    expect((await whoami(lab.app, answer.body)).status).toBe(200);
    const refresh = (token: string) => lab.app.client().post('/auth/token/refresh', { refresh_token: token });
    expect((await refresh(old.refresh_token)).body.code).toBe('INVALID_REFRESH_TOKEN');
    expect((await refresh(answer.body.refresh_token)).status).toBe(200);
    expect((await browser.get('/whoami')).status).toBe(401);
  });

  it('is not changed without the current one: three wrong lock the change alone, for 15 min', async () => {
    const owner = await lab.newPerson();
    const browser = await lab.signedIn(owner);
    for (let times = 0; times < 3; times += 1) {
      const answer = await change(browser, WRONG);
      expect([answer.status, answer.body.code]).toEqual([401, 'INVALID_CREDENTIALS']);
      expect(answer.setCookies).toEqual([]);
    }
    const locked = await change(browser);
    expect([locked.status, locked.body.code, locked.headers.get('retry-after')]).toEqual([
      429,
      'TOO_MANY_ATTEMPTS',
      '900',
    ]);
    // With tokens it is the same account.
    const tokens = await lab.tokensOf(owner);
    const body = { currentPassword: PASSWORD, password: NEW_PASSWORD };
    expect((await withToken('/auth/password/change', tokens, body)).status).toBe(429);
    expect((await browser.get('/whoami')).status).toBe(200);
    await lab.signedIn(owner);
    const rows = await lab.audited(owner.userId, 'password');
    expect(rows.map(({ type, outcome }) => [type, outcome])).toEqual(times(3, ['password.change_failed', 'failure']));
    expect(await lab.audited(owner.userId, 'reauthentication.locked')).toHaveLength(1);
    // The clock of Redis is its own.
    if (setup.store === 'redis') return;
    lab.clock.advance(15 * MINUTE_MS);
    expect((await change(await lab.signedIn(owner))).status).toBe(200);
  });

  it('of thirty guesses at once three are looked at', async () => {
    const owner = await lab.newPerson();
    const browser = await lab.signedIn(owner);
    const answers = await Promise.all(Array.from({ length: 30 }, () => change(browser, WRONG)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...times(3, 401), ...times(27, 429)]);
  });

  it('a right one clears what was mistyped before, and a new one that breaks the rules is no wrong guess', async () => {
    const owner = await lab.newPerson();
    const browser = await lab.signedIn(owner);
    for (let round = 0; round < 2; round += 1) {
      for (let times = 0; times < 2; times += 1) expect((await change(browser, WRONG)).status).toBe(401);
      for (let times = 0; times < 3; times += 1) {
        const answer = await change(browser, PASSWORD, 'short');
        expect([answer.status, answer.body.code]).toEqual([400, 'PASSWORD_REJECTED']);
      }
    }
    expect((await change(browser)).status).toBe(200);
  });

  it('an account without one has none to give: each try is wrong, and counts', async () => {
    const owner = await lab.newPerson();
    const browser = await lab.signedIn(owner);
    await lab.app.dataSource.query(`UPDATE users SET password_hash = NULL WHERE id = '${owner.userId}'`);
    const statuses: number[] = [];
    for (const guess of ['', PASSWORD, 'null', WRONG]) statuses.push((await change(browser, guess)).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
  });

  it('is set where there is none, in a fresh session, and only there', async () => {
    const owner = await lab.newPerson();
    const set = (client: Client): Promise<Answer> => client.post('/auth/password/set', { password: NEW_PASSWORD });
    const [browser, stale] = [await lab.signedIn(owner), await lab.signedIn(owner)];
    const refused = await set(browser);
    expect([refused.status, refused.body.code]).toEqual([409, 'ALREADY_ENABLED']);
    await lab.app.dataSource.query(`UPDATE users SET password_hash = NULL WHERE id = '${owner.userId}'`);
    lab.clock.advance(5 * MINUTE_MS + 1);
    expect((await set(stale)).body.code).toBe('REAUTHENTICATION_REQUIRED');
    // Fresh again by what a re-authentication would do.
    await lab.app.dataSource.query(
      `UPDATE auth_sessions SET fresh_until = ${lab.clock.now() + MINUTE_MS} WHERE user_id = '${owner.userId}'`,
    );
    lab.clock.advance(MINUTE_MS - 1);
    const weak = await browser.post('/auth/password/set', { password: 'short' });
    expect([weak.status, weak.body.code]).toEqual([400, 'PASSWORD_REJECTED']);
    const answer = await set(browser);
    expect([answer.status, answer.body.status]).toEqual([200, 'signed_in']);
    expect((await browser.get('/whoami')).status).toBe(200);
    expect((await stale.get('/whoami')).status).toBe(401);
    await lab.signedIn(owner, NEW_PASSWORD);
    await lab.mail(owner.email, 'password-changed');
    expect((await lab.audited(owner.userId, 'password')).map(({ type }) => type)).toEqual(['password.set']);
  });

  it('is nobody else’s to change: signed out, from another site, without the CSRF token', async () => {
    const owner = await lab.newPerson();
    const browser = await lab.signedIn(owner);
    const body = { currentPassword: PASSWORD, password: NEW_PASSWORD };
    for (const path of ['/auth/password/change', '/auth/password/set']) {
      expect((await lab.app.client().post(path, body)).status).toBe(401);
      expect((await browser.post(path, body, { csrf: false })).body.code).toBe('CSRF_FAILED');
      const headers = { origin: 'https://evil.example' };
      expect((await browser.post(path, body, { headers })).body.code).toBe('CSRF_FAILED');
    }
    await lab.signedIn(owner);
  });
});
