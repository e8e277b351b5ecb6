import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Injectable } from '@nestjs/common';
import { Accounts, AuthHooks, Sessions, Tokens, type BeforeSignIn, type ClaimsRequest } from '../../lib/index.js';
import { LoginSession } from '../../lib/sessions/login-session.entity.js';
import { Account } from '../../lib/users/account.entity.js';
import { TestClock } from '../../lib/testing/index.js';
import { newPerson, signedIn, type Person } from '../sessions/kit.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { acting, auditOf, cookieNames, HostRoutes, impersonate, REASON, scene, sessionsOf } from './kit.js';

const MINUTE = 60_000;

@Injectable()
class Hooks extends AuthHooks {
  veto: BeforeSignIn[] = [];
  refuses = false;
  claimed: ClaimsRequest | undefined;

  override beforeSignIn(signIn: BeforeSignIn): boolean {
    if (signIn.method === 'impersonation') this.veto.push(signIn);
    return !(this.refuses && signIn.method === 'impersonation');
  }

  override claims(token: ClaimsRequest): Record<string, unknown> {
    this.claimed = token;
    return {};
  }
}

function claimsOf(token: string): any {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
}

describe.each(ADAPTERS)('acting as a user, on %s', (adapter) => {
  const clock = new TestClock();
  const hooks = new Hooks();
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      clock,
      controllers: [HostRoutes],
      auth: {
        sessions: { cap: 3 },
        impersonation: { ttl: '2h' },
        secondFactor: { roles: ['staff'] },
        roles: { grants: { owner: ['*'] } },
        cookies: { xsrfCookie: true },
        tokens: { scopes: { account: 'everyone', notes: 'everyone' } },
        overrides: [{ provide: AuthHooks, useValue: hooks }],
      },
    });
  });

  afterAll(() => app.close());

  beforeEach(() => {
    vi.setSystemTime(clock.now());
    hooks.refuses = false;
    return () => vi.useRealTimers();
  });

  it('answers as a sign-in does, keeps the own session beside, and shows whose session it is', async () => {
    const { admin, user, browser } = await scene(app);
    const own = browser.cookies.get('auth_session');
    const answer = await impersonate(browser, user.userId);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual(['csrfToken', 'status', 'user']);
    expect(answer.body).toMatchObject({ status: 'signed_in', user: { id: user.userId } });
    expect(cookieNames(answer)).toEqual(['XSRF-TOKEN', 'auth_impersonator', 'auth_session']);
    const kept = answer.setCookies.find((line) => line.startsWith('auth_impersonator='));
    expect(kept).toMatch(/; HttpOnly/);
    expect(browser.cookies.get('auth_impersonator')).toBe(own);
    const state = await browser.get('/auth/session');
    expect(state.body).toMatchObject({ user: { id: user.userId }, impersonator: { id: admin.userId }, methods: [] });
    expect(Date.parse(state.body.freshUntil)).toBeLessThanOrEqual(clock.now());
    expect(Date.parse(state.body.expiresAt)).toBe(clock.now() + 120 * MINUTE);
    const who = await browser.get('/host/who');
    expect(who.body).toEqual({
      userId: user.userId,
      impersonatorId: admin.userId,
      via: 'session',
      methods: [],
      fresh: false,
    });
    expect((await browser.get('/auth/me')).body.id).toBe(user.userId);
    expect((await browser.post('/host/notes', {})).status).toBe(201);
    expect((await (await signedIn(app, user)).get('/auth/session')).body).not.toHaveProperty('impersonator');
  });

  it('ends, and the own session comes back as it was', async () => {
    const { admin, user, browser } = await acting(app);
    const other = app.client();
    for (const [name, value] of browser.cookies) other.cookies.set(name, value);
    const answer = await browser.delete('/auth/impersonation');
    expect([answer.status, answer.body.status, answer.body.user.id]).toEqual([200, 'signed_in', admin.userId]);
    expect(cookieNames(answer)).toEqual(['XSRF-TOKEN', 'auth_impersonator', 'auth_session']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect([...browser.cookies.keys()].sort()).toEqual(['XSRF-TOKEN', 'auth_device', 'auth_session']);
    expect((await browser.get('/auth/session')).body).toMatchObject({ user: { id: admin.userId } });
    expect((await browser.post('/host/notes', {})).status).toBe(201);
    expect((await other.get('/host/who')).status).toBe(401);
    expect((await browser.delete('/auth/impersonation')).status).toBe(404);
    expect((await sessionsOf(app, user.userId)).filter(({ revokedAt }) => revokedAt === null)).toEqual([]);
  });

  it('leaves the own session fresh no longer, however soon it comes back', async () => {
    const { browser, user } = await acting(app);
    expect((await browser.delete('/auth/impersonation')).status).toBe(200);
    const again = await impersonate(browser, user.userId);
    expect([again.status, again.body.code]).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
  });

  it('does not make the own session fresh', async () => {
    const { browser, user } = await acting(app);
    clock.advance(6 * MINUTE);
    expect((await browser.delete('/auth/impersonation')).status).toBe(200);
    const again = await impersonate(browser, user.userId);
    expect([again.status, again.body.code]).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
  });

  it('gives nothing back to a browser whose kept session is not the one it began in', async () => {
    const planted = (await signedIn(app, await newPerson(app, ['admin']))).cookies.get('auth_session')!;
    const another = async (person: Person) => (await signedIn(app, person)).cookies.get('auth_session')!;
    for (const kept of [another, () => planted, () => 'nonsense', () => undefined]) {
      const { admin, browser } = await acting(app);
      const cookie = await kept(admin);
      if (cookie === undefined) browser.cookies.delete('auth_impersonator');
      else browser.cookies.set('auth_impersonator', cookie);
      const answer = await browser.delete('/auth/impersonation');
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect([...browser.cookies.keys()]).toEqual(['auth_device']);
    }
  });

  it('asks for the CSRF token to end, and for the origin when it has ended by itself', async () => {
    const { browser } = await acting(app, { minutes: 1 });
    expect((await browser.delete('/auth/impersonation', { csrf: false })).body.code).toBe('CSRF_FAILED');
    clock.advance(MINUTE);
    expect((await browser.get('/auth/session')).body).toEqual({ user: null });
    const headers = { origin: 'https://evil.example' };
    expect((await browser.delete('/auth/impersonation', { headers })).body.code).toBe('CSRF_FAILED');
    expect((await browser.delete('/auth/impersonation', { csrf: false })).status).toBe(200);
    expect((await app.client().delete('/auth/impersonation')).status).toBe(204);
  });

  it('ends after its time, and with the session that it began in', async () => {
    const { browser } = await acting(app, { minutes: 20 });
    clock.advance(20 * MINUTE - 1);
    expect((await browser.get('/host/who')).status).toBe(200);
    clock.advance(1);
    expect((await browser.get('/host/who')).status).toBe(401);
  });

  it('hands out an access token alone', async () => {
    const { admin, user, browser } = await scene(app);
    const answer = await impersonate(browser, user.userId, { deliver: 'tokens', minutes: 5 });
    expect(Object.keys(answer.body).sort()).toEqual(
      ['access_token', 'expires_in', 'scope', 'status', 'token_type', 'user'].sort(),
    );
    expect(answer.body.expires_in).toBeLessThanOrEqual(300);
    expect(answer.setCookies).toEqual([]);
    const { access_token: token } = answer.body;
    expect(claimsOf(token)).toMatchObject({ sub: user.userId, act: { sub: admin.userId }, amr: [] });
    expect(hooks.claimed).toMatchObject({ userId: user.userId, impersonatorId: admin.userId });
    const headers = { authorization: `Bearer ${token}` };
    expect((await app.client().get('/host/who', { headers })).body).toMatchObject({
      userId: user.userId,
      impersonatorId: admin.userId,
      via: 'bearer',
    });
    expect(await app.get(Tokens).introspect(token)).toMatchObject({ active: true, act: { sub: admin.userId } });
    const own = (await app.client().signIn(user.email, undefined, { deliver: 'tokens' })).body.access_token as string;
    expect(await app.get(Tokens).introspect(own)).not.toHaveProperty('act');
    const ended = await app.client().delete('/auth/impersonation', { headers });
    expect([ended.status, ended.setCookies]).toEqual([204, []]);
    expect((await app.client().get('/host/who', { headers })).status).toBe(401);
    expect((await browser.get('/auth/session')).body.user.id).toBe(admin.userId);
  });

  it('takes a token to begin with too, and never gives it more scopes than it has, nor a cookie', async () => {
    const { admin, user } = await scene(app);
    const bearer = async (scope: string) => {
      clock.advance(1);
      const { body } = await app.client().signIn(admin.email, undefined, { deliver: 'tokens', scope });
      return { authorization: `Bearer ${body.access_token}` };
    };
    const path = `/auth/admin/users/${user.userId}/impersonate`;
    const begin = (headers: Record<string, string>, more = {}) =>
      app.client().post(path, { reason: REASON, ...more }, { headers });
    expect((await begin(await bearer('account'))).body.scope).toBe('account');
    expect((await begin(await bearer('notes'))).body.code).toBe('FORBIDDEN');
    const cookie = await begin(await bearer('account'), { deliver: 'cookie' });
    expect([cookie.status, cookie.body.code]).toEqual([400, 'VALIDATION_FAILED']);
  });

  it('leaves nothing behind when the token cannot be made', async () => {
    const { user, browser } = await scene(app);
    const claims = vi.spyOn(hooks, 'claims').mockImplementation(() => {
      throw new Error('no claims');
    });
    expect((await impersonate(browser, user.userId, { deliver: 'tokens' })).status).toBe(500);
    claims.mockRestore();
    expect((await sessionsOf(app, user.userId)).map(({ revokedAt }) => revokedAt)).toEqual([clock.now()]);
  });

  it.each([
    ['nothing', {}, 'reason'],
    ['an empty reason', { reason: ' \u0000 ' }, 'reason'],
    ['a long one', { reason: 'x'.repeat(501) }, 'reason'],
    ['no minute', { reason: REASON, minutes: 0 }, 'minutes'],
    ['more than the option says', { reason: REASON, minutes: 121 }, 'minutes'],
    ['a field that is not known', { reason: REASON, role: 'admin' }, 'role'],
  ])('refuses %s', async (_what, body, field) => {
    const { user, browser } = await scene(app);
    const answer = await browser.post(`/auth/admin/users/${user.userId}/impersonate`, body);
    expect([answer.status, answer.body.details?.[0]?.field]).toEqual([400, field]);
  });

  it('is for administrators with a fresh session, and never for a user', async () => {
    const { user, browser } = await scene(app);
    const stranger = await signedIn(app, await newPerson(app));
    expect((await impersonate(app.client(), user.userId)).status).toBe(401);
    expect((await impersonate(stranger, user.userId)).body.code).toBe('FORBIDDEN');
    expect((await impersonate(browser, 'nobody')).status).toBe(404);
    expect((await impersonate(browser, '00000000-0000-4000-8000-000000000000')).status).toBe(404);
    clock.advance(6 * MINUTE);
    expect((await impersonate(browser, user.userId)).body.code).toBe('REAUTHENTICATION_REQUIRED');
  });

  it('is refused for oneself, for any administrator, for a disabled account and by a veto, each with its row', async () => {
    const { admin, user, browser } = await scene(app);
    const other = await newPerson(app, ['admin']);
    const owner = await newPerson(app, ['owner']);
    await app.get(Accounts).disable(user.userId);
    const vetoed = await newPerson(app);
    const refused = async (userId: string) => {
      const { status, body } = await impersonate(browser, userId);
      expect([userId, status]).toEqual([userId, 403]);
      const { actorId, details, outcome, sessionId } = (await auditOf(app, userId, 'impersonation.refused')).at(-1)!;
      expect([actorId, outcome, details['reason']]).toEqual([admin.userId, 'failure', REASON]);
      expect(sessionId).not.toBeNull();
      return [status, body.code, details['refusal']];
    };
    expect(await refused(admin.userId)).toEqual([403, 'IMPERSONATION_FORBIDDEN', 'self']);
    expect(await refused(other.userId)).toEqual([403, 'IMPERSONATION_FORBIDDEN', 'administrator']);
    expect(await refused(owner.userId)).toEqual([403, 'IMPERSONATION_FORBIDDEN', 'administrator']);
    expect(await refused(user.userId)).toEqual([403, 'IMPERSONATION_FORBIDDEN', 'account']);
    hooks.refuses = true;
    expect(await refused(vetoed.userId)).toEqual([403, 'SIGN_IN_REFUSED', 'veto']);
    expect(hooks.veto.at(-1)).toMatchObject({ userId: vetoed.userId, method: 'impersonation' });
    expect(await sessionsOf(app, user.userId)).toEqual([]);
  });

  it('gets nobody round a second factor who has none, and asks nobody for one again who has', async () => {
    const { user, browser, admin } = await scene(app, ['staff']);
    const refused = await impersonate(browser, user.userId);
    expect([refused.body.code, refused.body.details]).toEqual(['IMPERSONATION_FORBIDDEN', { reason: 'second-factor' }]);
    const strong = await signedIn(app, admin);
    const methods = ['pwd', 'otp', 'mfa'];
    await app.dataSource.getRepository(LoginSession).update({ userId: admin.userId }, { methods });
    expect((await impersonate(strong, user.userId)).status).toBe(200);
    expect((await strong.get('/host/staff')).status).toBe(200);
    expect((await strong.post('/auth/totp/enroll', {})).body.code).toBe('IMPERSONATION_FORBIDDEN');
  });

  it('is never nested', async () => {
    const { browser } = await acting(app);
    const third = await newPerson(app);
    expect((await impersonate(browser, third.userId)).body.code).toBe('IMPERSONATION_FORBIDDEN');
  });

  it('opens no route that asks for presence, for a factor, or says no', async () => {
    const { browser, user } = await acting(app);
    for (const path of ['/host/payments', '/host/fresh', '/host/factor'])
      expect((await browser.get(path)).body.code, path).toBe('IMPERSONATION_FORBIDDEN');
    await vi.waitFor(async () => expect(await auditOf(app, user.userId, 'access.refused')).toHaveLength(3));
  });

  it('neither displaces sessions of the owner nor counts among them, and the owner sees and may end it', async () => {
    const { browser, user } = await scene(app);
    const owners = [];
    for (let count = 0; count < 3; count += 1) {
      owners.push(await signedIn(app, user));
      clock.advance(1);
    }
    expect((await impersonate(browser, user.userId)).status).toBe(200);
    for (const owner of owners) expect((await owner.get('/host/who')).status).toBe(200);
    const { items } = (await owners[2]!.get('/auth/sessions')).body;
    expect(items).toHaveLength(4);
    const [seen, ...others] = items.filter((item: any) => item.impersonated);
    expect(others).toEqual([]);
    expect(seen).toMatchObject({ current: false, ip: '', userAgent: '', device: 'Administrator' });
    // A fourth of the owner's displaces the owner's first.
    const fourth = await signedIn(app, user);
    expect((await owners[0]!.get('/host/who')).status).toBe(401);
    expect((await owners[1]!.get('/host/who')).status).toBe(200);
    expect((await browser.get('/host/who')).status).toBe(200);
    expect((await fourth.delete(`/auth/sessions/${seen.id}`)).status).toBe(204);
    expect((await browser.get('/host/who')).status).toBe(401);
  });

  it.each([
    ['the one', (id: string, { id: ended }: LoginSession) => app.get(Sessions).revoke(id, ended)],
    ['every other one', (id: string) => app.get(Sessions).revokeOthers(id, 'none')],
    ['all', (id: string) => app.get(Sessions).revokeAll(id)],
  ])('is told of in the trail when the owner ends it: %s', async (_what, end) => {
    const { admin, user, browser } = await acting(app);
    await signedIn(app, user);
    const session = (await sessionsOf(app, user.userId)).find(({ impersonatorId }) => impersonatorId !== null)!;
    await end(user.userId, session);
    expect((await browser.get('/host/who')).status).toBe(401);
    expect(await auditOf(app, user.userId, 'impersonation.ended')).toMatchObject([
      { impersonatorId: admin.userId, sessionId: session.id, details: { reason: 'revoked' } },
    ]);
    await signedIn(app, user);
    await app.get(Sessions).revokeAll(user.userId);
    expect(await auditOf(app, user.userId, 'impersonation.ended')).toHaveLength(1);
  });

  it('leaves what is known of the owner as it was', async () => {
    const { browser, user } = await scene(app);
    await app.client().signIn(user.email, 'wrong password of somebody');
    await vi.waitFor(async () => expect(await accountOf(app, user.userId)).toMatchObject({ failedInRow: 1 }));
    expect((await impersonate(browser, user.userId)).status).toBe(200);
    expect(await accountOf(app, user.userId)).toMatchObject({ failedInRow: 1, sessionSeq: 0 });
  });

  it('ends at the next sign-in in the browser, with the session it came from', async () => {
    const { admin, user, browser } = await acting(app);
    const third = await newPerson(app);
    const stale = browser.cookieHeader();
    const own = browser.cookies.get('auth_impersonator')!;
    const answer = await browser.signIn(third.email);
    expect(answer.body.user.id).toBe(third.userId);
    expect(browser.cookies.has('auth_impersonator')).toBe(false);
    const stolen = (cookie: string) => app.client().get('/host/who', { headers: { cookie } });
    expect((await stolen(stale)).status).toBe(401);
    expect((await stolen(`auth_session=${own}`)).status).toBe(401);
    const [ended] = await auditOf(app, user.userId, 'impersonation.ended');
    expect(ended).toMatchObject({
      type: 'impersonation.ended',
      actorId: user.userId,
      impersonatorId: admin.userId,
      details: { reason: 'replaced' },
    });
  });

  it('ends at logout, with the session it came from, also when it has ended by itself', async () => {
    for (const wait of [0, MINUTE]) {
      const { admin, user, browser } = await acting(app, { minutes: 1 });
      const own = browser.cookies.get('auth_impersonator')!;
      clock.advance(wait);
      const answer = await browser.post('/auth/logout');
      expect(answer.status).toBe(204);
      expect([...browser.cookies.keys()]).toEqual(['auth_device']);
      expect((await app.client().get('/host/who', { headers: { cookie: `auth_session=${own}` } })).status).toBe(401);
      const rows = await auditOf(app, user.userId, 'impersonation.ended');
      expect(rows.map(({ actorId, impersonatorId }) => [actorId, impersonatorId])).toEqual(
        wait === 0 ? [[user.userId, admin.userId]] : [],
      );
    }
  });

  it('leaves a link of the owner to change the address alone when it ends', async () => {
    const { browser, user } = await acting(app);
    const owner = await signedIn(app, user);
    expect((await owner.post('/auth/email/change/request', { email: 'new@example.com' })).status).toBe(202);
    const before = await app.dataSource.query('SELECT * FROM auth_outbox');
    expect((await browser.delete('/auth/impersonation')).status).toBe(200);
    expect(await app.dataSource.query('SELECT * FROM auth_outbox')).toEqual(before);
  });

  it('names both in every row of what is done meanwhile', async () => {
    const { admin, user, browser } = await acting(app);
    await browser.get('/host/staff');
    await browser.get('/host/payments');
    await browser.delete('/auth/impersonation');
    const types = ['access.refused', 'impersonation.started', 'impersonation.ended'] as const;
    const all = await vi.waitFor(async () => {
      const rows = await auditOf(app, user.userId, ...types);
      expect(rows).toHaveLength(4);
      return rows;
    });
    expect(all.map((row) => [row.type, row.actorId, row.impersonatorId]).sort()).toEqual([
      ['access.refused', user.userId, admin.userId],
      ['access.refused', user.userId, admin.userId],
      ['impersonation.ended', user.userId, admin.userId],
      ['impersonation.started', admin.userId, null],
    ]);
    const started = all.find(({ type }) => type === 'impersonation.started');
    expect(started!.details).toMatchObject({ reason: REASON, delivery: 'cookie' });
    expect(started!.sessionId).toBe((await sessionsOf(app, admin.userId))[0]!.id);
  });
});

function accountOf(app: TestApp, userId: string): Promise<object> {
  return app.dataSource.getRepository(Account).findOneByOrFail({ userId });
}
