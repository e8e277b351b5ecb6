import { afterEach, describe, expect, it } from 'vitest';
import { Accounts, Sessions } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { newPerson, signedIn } from '../sessions/kit.js';
import { ADAPTERS, type AppSetup, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import {
  asBearer,
  bearer,
  DAY_MS,
  INVALID,
  newFamily,
  problemOf,
  refresh,
  SCOPES,
  startTokens,
  tokensOf,
  usable,
} from './kit.js';

let app: TestApp;
afterEach(() => app.close());

const ELSEWHERE = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' };

describe.each(ADAPTERS)('by bearer on %s', (adapter) => {
  const clock = new TestClock();

  async function start(setup: AppSetup = {}): Promise<void> {
    const tokens = { scopes: { ...SCOPES, account: 'everyone' as const }, ...setup.auth?.tokens };
    app = await startTokens({ adapter, clock, auth: { ...setup.auth, tokens } });
  }

  describe('POST /logout', () => {
    const logout = (headers: Record<string, string>): Promise<Answer> =>
      app.client().post('/auth/logout', undefined, { headers });

    it('ends the session of the token, wherever the page is from', async () => {
      await start();
      for (const more of [{}, ELSEWHERE]) {
        const { first, person } = await newFamily(app);
        const sibling = await tokensOf(app, person);
        expect((await logout({ ...bearer(first.access_token), ...more })).status).toBe(204);
        expect(await usable(app, first)).toBe(false);
        expect(problemOf(await refresh(app, first.refresh_token))).toBe(INVALID);
        expect(await usable(app, sibling)).toBe(true);
        expect((await logout({ ...bearer(first.access_token), ...more })).status).toBe(204);
      }
    });

    it('does so when the token has expired', async () => {
      await start();
      const { first } = await newFamily(app);
      clock.advance(DAY_MS);
      expect((await logout(bearer(first.access_token))).status).toBe(204);
      expect((await refresh(app, first.refresh_token)).status).toBe(401);
    });

    it('answers 204 for a token that is none, and ends nothing', async () => {
      await start();
      const { first } = await newFamily(app);
      for (const token of ['nonsense', `${first.access_token}A`, first.refresh_token]) {
        expect((await logout(bearer(token))).status).toBe(204);
      }
      expect(await usable(app, first)).toBe(true);
    });

    it('ends both sessions where a cookie comes beside, and the cookie needs its CSRF token', async () => {
      await start();
      const { first, person } = await newFamily(app);
      const browser = await signedIn(app, person);
      const headers = bearer(first.access_token);
      const forged = await browser.post('/auth/logout', undefined, { headers, csrf: false });
      expect([forged.status, forged.body.code]).toEqual([403, 'CSRF_FAILED']);
      expect((await browser.get('/whoami')).status).toBe(200);
      const foreign = await browser.post('/auth/logout', undefined, { headers: { ...headers, ...ELSEWHERE } });
      expect([foreign.status, foreign.body.code]).toEqual([403, 'CSRF_FAILED']);
      const second = await tokensOf(app, person);
      const answer = await browser.post('/auth/logout', undefined, { headers: bearer(second.access_token) });
      expect(answer.status).toBe(204);
      expect(answer.setCookies.some((line) => /^auth_session=;.*max-age=0/i.test(line))).toBe(true);
      expect((await browser.get('/whoami')).status).toBe(401);
      for (const tokens of [first, second]) expect(await usable(app, tokens)).toBe(false);
    });
  });

  it('no request is asked where it is from, nor for a CSRF token', async () => {
    await start({ auth: { environment: 'development' } });
    const { first, person } = await newFamily(app, ['editor']);
    const browser = await signedIn(app, person);
    const headers = { ...bearer(first.access_token), ...ELSEWHERE };
    for (const client of [app.client(), browser]) {
      expect((await client.post('/notes', {}, { headers, csrf: false })).status).toBe(201);
      expect((await client.post('/auth/token/introspect', { token: 'x' }, { headers, csrf: false })).status).toBe(200);
    }
    const { status, body } = await browser.post('/notes', {}, { headers: ELSEWHERE });
    expect([status, body.code]).toEqual([403, 'CSRF_FAILED']);
  });

  it('GET /me, GET /session and GET /sessions tell of the owner', async () => {
    await start();
    const { first, person } = await newFamily(app);
    await signedIn(app, person);
    expect((await asBearer(app, first.access_token, '/auth/me')).body).toMatchObject({ email: person.email });
    const session = await asBearer(app, first.access_token, '/auth/session');
    expect(Object.keys(session.body).sort()).toEqual(['expiresAt', 'freshUntil', 'methods', 'user']);
    const { status, body } = await asBearer(app, first.access_token, '/auth/sessions');
    expect(status).toBe(200);
    expect(body.items.map(({ current }: { current: boolean }) => current).sort()).toEqual([false, true]);
  });

  it('sessions are ended, and the cookie of the browser is left alone', async () => {
    await start();
    const { first, person } = await newFamily(app);
    const browser = await signedIn(app, person);
    const other = await tokensOf(app, person);
    const headers = bearer(first.access_token);
    const { items } = (await browser.get('/auth/sessions', { headers })).body;
    const idOf = async (token: string): Promise<string> => (await asBearer(app, token)).body.sessionId;
    const stranger = await newFamily(app);
    const theirs = await idOf(stranger.first.access_token);
    expect((await browser.delete(`/auth/sessions/${theirs}`, { headers })).status).toBe(404);

    expect((await browser.delete(`/auth/sessions/${await idOf(other.access_token)}`, { headers })).status).toBe(204);
    expect(await usable(app, other)).toBe(false);
    const own = await browser.delete(`/auth/sessions/${await idOf(first.access_token)}`, { headers });
    expect([own.status, own.setCookies]).toEqual([204, []]);
    expect(await usable(app, first)).toBe(false);
    expect((await browser.get('/whoami')).status).toBe(200);
    expect(items).toHaveLength(3);

    const next = await tokensOf(app, person);
    const others = await asBearer(app, next.access_token, '/auth/sessions', 'DELETE');
    expect([others.status, others.body, others.setCookies]).toEqual([200, { revoked: 1 }, []]);
    expect((await browser.get('/whoami')).status).toBe(401);
    const again = await signedIn(app, person);
    const all = await again.delete('/auth/sessions?keepCurrent=false', { headers: bearer(next.access_token) });
    expect([all.status, all.body, all.setCookies]).toEqual([200, { revoked: 2 }, []]);
    expect(await usable(app, next)).toBe(false);
    expect((await again.get('/whoami')).status).toBe(401);
  });

  it('ending sessions needs a fresh sign-in', async () => {
    await start();
    const { first } = await newFamily(app);
    clock.advance(5 * 60_000);
    for (const path of ['/auth/sessions', '/auth/sessions/018f0000-0000-7000-8000-000000000000']) {
      const { status, body } = await asBearer(app, first.access_token, path, 'DELETE');
      expect([status, body.code]).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    }
    expect((await asBearer(app, first.access_token, '/auth/sessions')).status).toBe(200);
  });

  it('a cookie session that is ended by its owner still loses its cookie', async () => {
    await start();
    const browser = await signedIn(app, await newPerson(app));
    const { sessionId } = (await browser.get('/whoami')).body;
    const { status, setCookies } = await browser.delete(`/auth/sessions/${sessionId}`);
    expect(status).toBe(204);
    expect(setCookies.some((line) => /^auth_session=;.*max-age=0/i.test(line))).toBe(true);
  });

  it('a scope that is missing is named, to bearers alone', async () => {
    await start();
    const { first, person } = await newFamily(app, ['editor'], { scope: 'notes:read' });
    const answer = await asBearer(app, first.access_token, '/notes', 'POST');
    expect([answer.status, answer.body.code]).toEqual([403, 'FORBIDDEN']);
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="notes:read notes:write"',
    );
    expect((await asBearer(app, first.access_token, '/notes')).status).toBe(200);
    const browser = await signedIn(app, person);
    expect((await browser.post('/notes', {})).status).toBe(201);
    const notAdmin = await asBearer(app, first.access_token, '/auth/admin/checklist');
    expect([notAdmin.status, notAdmin.headers.get('www-authenticate')]).toEqual([403, null]);
  });

  it('an anonymous and a wrong credential are told apart', async () => {
    await start();
    const { first } = await newFamily(app);
    const nobody = await app.client().get('/whoami');
    expect([nobody.status, nobody.body.code, nobody.headers.get('www-authenticate')]).toEqual([
      401,
      'NOT_AUTHENTICATED',
      'Bearer',
    ]);
    for (const authorization of ['Bearer', 'Bearer ', 'bearer x y', `Bearer  ${first.access_token}`, 'Bearer \u00e9']) {
      const wrong = await app.client().get('/whoami', { headers: { authorization } });
      expect([wrong.status, wrong.body.code, wrong.headers.get('www-authenticate')]).toEqual([
        401,
        'INVALID_ACCESS_TOKEN',
        'Bearer error="invalid_token"',
      ]);
    }
    for (const scheme of ['bearer', 'BEARER']) {
      const { status } = await app.client().get('/whoami', {
        headers: { authorization: `${scheme} ${first.access_token}` },
      });
      expect(status).toBe(200);
    }
    const both = await app.client().get('/whoami', { headers: { ...bearer(first.access_token), 'x-api-key': 'x' } });
    expect([both.status, both.body.code]).toEqual([400, 'MALFORMED_REQUEST']);
  });

  describe("with checking: 'signature'", () => {
    it("a host's route sees a revocation when the token expires, ours and those that ask for more at once", async () => {
      await start({ auth: { tokens: { checking: 'signature' } } });
      const { first, person } = await newFamily(app, ['admin']);
      const ask = (path: string, method = 'GET'): Promise<number> =>
        asBearer(app, first.access_token, path, method).then(({ status }) => status);
      const { items } = await app.get(Sessions).list(person.userId);
      expect(await ask('/vault', 'POST')).toBe(201);
      await app.get(Sessions).revoke(person.userId, items[0]!.id);
      expect(await ask('/whoami')).toBe(200);
      expect(await ask('/notes')).toBe(200);
      for (const path of ['/auth/me', '/auth/sessions', '/auth/admin/checklist']) expect(await ask(path)).toBe(401);
      expect(await ask('/auth/session')).toBe(401);
      expect(await ask('/vault', 'POST')).toBe(401);
      expect(await ask('/auth/sessions', 'DELETE')).toBe(401);
      expect(await ask('/auth/token/introspect', 'POST')).toBe(401);
      expect((await refresh(app, first.refresh_token)).status).toBe(401);
      clock.advance(15 * 60_000);
      expect(await ask('/whoami')).toBe(401);
    });

    it('what the token says of its session is what the session is', async () => {
      await start({ auth: { tokens: { checking: 'signature' } } });
      const { first, person } = await newFamily(app, ['editor']);
      const { body } = await asBearer(app, first.access_token);
      expect(body).toMatchObject({
        userId: person.userId,
        via: 'bearer',
        roles: ['editor'],
        scopes: ['notes:read', 'notes:write', 'account'],
        methods: ['pwd'],
        freshUntil: new Date(clock.now() + 5 * 60_000).toISOString(),
      });
      const { items } = await app.get(Sessions).list(person.userId);
      expect(body.sessionId).toBe(items[0]!.id);
      await app.get(Accounts).removeRole(person.userId, 'editor');
      expect((await asBearer(app, first.access_token)).body.roles).toEqual(['editor']);
      const again = await refresh(app, first.refresh_token);
      expect((await asBearer(app, again.body.access_token)).body).toMatchObject({
        roles: [],
        scopes: ['notes:read', 'account'],
      });
    });
  });
});
