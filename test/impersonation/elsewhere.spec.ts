import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, Sessions } from '../../lib/index.js';
import { newPerson, signedIn, SqlCounter } from '../sessions/kit.js';
import { startApp, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import { acting, auditOf, HostRoutes, impersonate, scene, sessionsOf, type Scene } from './kit.js';

/** What takes an administrator's right away, or the user, carried out at one instance and seen at the other. */
const ENDS: readonly (readonly [string, (here: TestApp, begun: Scene) => Promise<unknown>])[] = [
  ['it is ended', (_here, { browser }) => browser.delete('/auth/impersonation')],
  ['the browser logs out', (_here, { browser }) => browser.post('/auth/logout')],
  ['the owner ends every session', (here, { user }) => here.get(Sessions).revokeAll(user.userId)],
  ['the owner ends them', async (here, { user }) => revokeThem(here, await signedIn(here, user))],
  ['the user is disabled', (here, { user }) => here.get(Accounts).disable(user.userId)],
  ['the user is deleted', (here, { user }) => here.get(Accounts).delete(user.userId)],
  ['the user becomes an administrator', (here, { user }) => here.get(Accounts).assignRole(user.userId, 'admin')],
  ['the administrator is demoted', (here, { admin }) => here.get(Accounts).removeRole(admin.userId, 'admin')],
  ['the administrator is disabled', (here, { admin }) => here.get(Accounts).disable(admin.userId)],
  ['the administrator is deleted', (here, { admin }) => here.get(Accounts).delete(admin.userId)],
  ['the administrator gets another password', (here, { admin }) => setPassword(here, admin.userId)],
  ['the sessions of the administrator end', (here, { admin }) => here.get(Sessions).revokeAll(admin.userId)],
  ['the one session ends that it began in', async (here, { admin }) => revokeOwn(here, admin.userId)],
];

/** The token came from another session of the administrator: what happens in one browser leaves it alone. */
const ONLY_THE_COOKIE = ['it is ended', 'the browser logs out', 'the one session ends that it began in'];

async function revokeThem(_here: TestApp, owner: Client): Promise<void> {
  const { items } = (await owner.get('/auth/sessions')).body;
  for (const { id } of items.filter((item: any) => item.impersonated)) await owner.delete(`/auth/sessions/${id}`);
}

async function revokeOwn(here: TestApp, userId: string): Promise<void> {
  const [own] = await sessionsOf(here, userId);
  await here.get(Sessions).revoke(userId, own!.id);
}

function setPassword(here: TestApp, userId: string): Promise<void> {
  return here.get(Accounts).setPassword(userId, 'another long password of an administrator');
}

describe('two instances on one PostgreSQL and one Redis', () => {
  const sql = new SqlCounter();
  let here: TestApp;
  let there: TestApp;

  beforeAll(async () => {
    const auth = { tokens: { checking: 'signature' as const } };
    const common = { controllers: [HostRoutes], auth };
    here = await startApp({ ...common, database: 'postgres', store: 'redis' });
    const { databaseUrl, redisUrl } = here;
    there = await startApp({
      ...common,
      adapter: 'fastify',
      databaseUrl: databaseUrl!,
      redisUrl: redisUrl!,
      typeorm: { logger: sql, logging: ['query'], synchronize: false },
    });
    // Somebody stays who administers when those of the scenes go.
    await newPerson(here, ['admin']);
  });

  afterAll(async () => {
    await there.close();
    await here.close();
  });

  it.each(ENDS)('is refused by the next request elsewhere once %s', async (what, end) => {
    const begun = await acting(here);
    const token = await tokenOf(here, begun);
    const cookie = begun.browser.cookieHeader();
    const byCookie = () => there.client().get('/host/who', { headers: { cookie } });
    const byToken = () => there.client().get('/host/who', { headers: { authorization: `Bearer ${token}` } });
    for (const ask of [byCookie, byToken, byCookie, byToken]) expect((await ask()).status).toBe(200);
    await end(here, begun);
    expect((await byCookie()).status).toBe(401);
    expect((await byToken()).status).toBe(ONLY_THE_COOKIE.includes(what) ? 200 : 401);
  });

  it('is asked of the database by every request, which costs others nothing', async () => {
    const { admin, user, browser } = await acting(here);
    const own = await signedIn(there, user);
    const headers = { cookie: browser.cookieHeader() };
    await Promise.all([there.client().get('/host/who', { headers }), own.get('/host/who')]);
    sql.taken();
    await own.get('/host/who');
    expect(sql.taken()).toEqual([]);
    await there.client().get('/host/who', { headers });
    expect(sql.taken()).toHaveLength(2);
    expect(admin.userId).not.toBe(user.userId);
  });

  it('ends once of thirty ends at once, and every one of them comes back', async () => {
    const { admin, user, browser } = await acting(here);
    const cookie = browser.cookieHeader();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        (index % 2 === 0 ? here : there)
          .client()
          .delete('/auth/impersonation', { headers: { cookie, 'x-csrf-token': browser.csrfToken! } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ body }) => body.user.id))).toEqual(new Set([admin.userId]));
    expect(await auditOf(here, user.userId, 'impersonation.ended')).toHaveLength(1);
  });

  it('leaves one of thirty that begin at once, as three users', async () => {
    const { user, browser } = await scene(here);
    const users = [user, await newPerson(here), await newPerson(here)];
    const headers = { cookie: browser.cookieHeader(), 'x-csrf-token': browser.csrfToken! };
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        (index % 2 === 0 ? here : there)
          .client()
          .post(`/auth/admin/users/${users[index % 3]!.userId}/impersonate`, { reason: 'all at once' }, { headers }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const all = async <T>(of: (userId: string) => Promise<T[]>): Promise<T[]> =>
      (await Promise.all(users.map(({ userId }) => of(userId)))).flat();
    const sessions = await all((userId) => sessionsOf(here, userId));
    expect(sessions).toHaveLength(30);
    expect(sessions.filter(({ revokedAt }) => revokedAt === null)).toHaveLength(1);
    expect(await all((userId) => auditOf(here, userId, 'impersonation.ended'))).toHaveLength(29);
    expect(await all((userId) => auditOf(here, userId, 'impersonation.started'))).toHaveLength(30);
  });

  it('does not begin in a session that has just ended', async () => {
    const { admin, user, browser } = await scene(here);
    const [answers] = await Promise.all([
      Promise.all(Array.from({ length: 10 }, () => impersonate(cloneOf(here, browser), user.userId))),
      here.get(Sessions).revokeAll(admin.userId),
    ]);
    for (const { status } of answers) expect([200, 401]).toContain(status);
    const live = await Promise.all(
      (await sessionsOf(here, user.userId)).map(async ({ sid }) => isLive(there, user.userId, sid)),
    );
    expect(live.filter(Boolean)).toEqual([]);
  });
});

async function tokenOf(here: TestApp, { admin, user }: Scene): Promise<string> {
  const browser = await signedIn(here, admin);
  return (await impersonate(browser, user.userId, { deliver: 'tokens' })).body.access_token;
}

function cloneOf(app: TestApp, browser: Client): Client {
  const client = app.client();
  for (const [name, value] of browser.cookies) client.cookies.set(name, value);
  client.csrfToken = browser.csrfToken;
  return client;
}

async function isLive(app: TestApp, userId: string, sid: string): Promise<boolean> {
  const { SessionCache } = await import('../../lib/sessions/session-cache.js');
  return (await app.get(SessionCache).find(userId, sid)) !== undefined;
}
