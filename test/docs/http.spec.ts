import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { RouteRules } from '../../lib/access/route-rules.js';
import { PASSWORD, startApp, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import { page, pages } from './pages.js';

const VERBS = 'GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS';

describe('the endpoints', () => {
  let app: TestApp;
  let registered: readonly string[];
  let admin: Client;

  beforeAll(async () => {
    app = await startApp({ auth: { rateLimits: { multiplier: 1_000 } } });
    registered = app
      .get(RouteRules)
      .entries()
      .filter(({ own, kind }) => own && kind === 'http')
      .flatMap(({ route }) => (route?.paths ?? []).map((path) => `${route?.method} /auth${path}`))
      .sort();
    await app.get(Accounts).createAdministrator({ email: 'admin@example.com', password: PASSWORD });
    admin = app.client();
    await admin.signIn('admin@example.com');
  });
  afterAll(() => app.close());

  it('have a section each in docs/http.md, and no other has', () => {
    const sections = [...page('docs/http.md').text.matchAll(new RegExp(`^### ((?:${VERBS}) \\S+)$`, 'gm'))];
    expect(sections.map(([, route]) => route).sort()).toEqual(registered);
    const listed = [...page('docs/http.md').text.matchAll(new RegExp(`^\\| \\[\`((?:${VERBS}) [^\`]+)\`\\]`, 'gm'))];
    expect(listed.map(([, route]) => route).sort()).toEqual(registered);
  });

  it('are all that any page names', () => {
    const paths = new Set(registered.map((route) => route.split(' ')[1] ?? ''));
    for (const { file, text } of pages()) {
      const routes = [...text.matchAll(new RegExp(`\\b((?:${VERBS}) /auth/[\\w/:-]+)`, 'g'))].map(
        ([, route = '']) => route,
      );
      expect(
        routes.filter((route) => !registered.includes(route)),
        file,
      ).toEqual([]);
      const bare = [...text.matchAll(/\/auth(\/[\w/:-]+)/g)].map(([, rest = '']) => `/auth${rest}`);
      expect(
        bare.filter((path) => !paths.has(path)),
        file,
      ).toEqual([]);
    }
  });

  it('answer with Cache-Control: no-store, to everybody', async () => {
    const leaving = app.client();
    await leaving.register('grace@example.com');
    await leaving.signIn('grace@example.com');
    // What ends the session or the account comes last.
    const ends = ['DELETE /auth/me', 'POST /auth/logout'];
    const routes = [...registered.filter((route) => !ends.includes(route)), ...ends];
    for (const client of [app.client(), leaving]) {
      for (const route of routes) {
        const [verb = '', path = ''] = route.split(' ');
        const answer = await client.call(verb, path.replace(':id', 'x'), { body: /^P/.test(verb) ? {} : undefined });
        expect(answer.headers.get('cache-control'), `${route} ${answer.status}`).toBe('no-store');
      }
    }
  });

  it('answer with the members that docs/http.md names', async () => {
    const client = app.client();
    const body = { email: 'ada@example.com', password: 'seven hinges and a bell' };
    expect((await client.post('/auth/register', body)).body).toEqual({ status: 'accepted' });
    const signedIn = await client.post('/auth/login', { ...body, rememberMe: false });
    expect(Object.keys(signedIn.body)).toEqual(['status', 'user', 'csrfToken']);
    expect(Object.keys(signedIn.body.user)).toEqual(['id', 'email', 'emailVerified', 'roles', 'createdAt']);
    const before = { headers: { cookie: client.cookieHeader() } };
    await client.post('/auth/login', body);
    expect((await app.client().get('/auth/me', before)).status).toBe(401);
    const session = await client.get('/auth/session');
    expect(Object.keys(session.body)).toEqual(['user', 'csrfToken', 'expiresAt', 'freshUntil', 'methods']);
    const { items, ...rest } = (await client.get('/auth/sessions')).body;
    expect(rest).toEqual({ nextCursor: null });
    const example = /"items": \[\s*(\{[\s\S]*?\})\s*\]/.exec(page('docs/http.md').text)?.[1] ?? '{}';
    expect(Object.keys(items[0]).sort()).toEqual(Object.keys(JSON.parse(example)).sort());
    const again = app.client();
    await again.post('/auth/login', body);
    expect((await client.delete('/auth/sessions')).body).toEqual({ revoked: 1 });
    const report = await app.client().get('/auth/admin/checklist');
    expect(report.status).toBe(401);
    const { entries, counts, environment, checkedAt } = (await admin.get('/auth/admin/checklist')).body;
    expect([entries.length > 0, typeof counts, environment, typeof checkedAt]).toEqual([
      true,
      'object',
      'test',
      'string',
    ]);
  });
});
