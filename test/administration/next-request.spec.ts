import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, STACKS, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import { at, expectStatus, newAdministrator, newPerson, signedIn } from './kit.js';

const [, SHARED] = STACKS;
const auth = { rateLimits: { multiplier: 1_000 }, instances: 2, roles: { grants: { admin: ['*'], editor: [] } } };

/** Two instances over one PostgreSQL and one Redis: what an administrator takes away at one is gone at the other. */
describe('the next request at another instance', () => {
  let app: TestApp;
  let other: TestApp;
  let admin: Client;
  beforeAll(async () => {
    app = await startApp({ ...SHARED, auth });
    const { databaseUrl, redisUrl } = app;
    const shared = { databaseUrl: databaseUrl!, redisUrl: redisUrl!, typeorm: { synchronize: false } };
    other = await startApp({ adapter: 'fastify', ...shared, auth });
    admin = (await newAdministrator(app)).browser;
  });
  afterAll(async () => {
    await other.close();
    await app.close();
  });

  it.each([
    ['that was disabled', 'PATCH', '', { disabled: true }],
    ['that was locked', 'POST', '/lock', {}],
    ['that was deleted', 'DELETE', '', undefined],
    ['whose sessions were ended', 'DELETE', '/sessions', undefined],
    ['that was given another address', 'PATCH', '', { email: 'another-address@example.com' }],
  ])('refuses an account %s, over cookies and tokens', async (_, verb, path, body) => {
    const person = await newPerson(app);
    const elsewhere = at(other, await signedIn(app, person));
    const password = 'correct horse battery staple';
    const tokens = (await app.client().signIn(person.email, password, { deliver: 'tokens' })).body;
    const bearer = { headers: { authorization: `Bearer ${tokens.access_token}` } };
    for (let warm = 0; warm < 2; warm += 1) {
      expectStatus(await elsewhere.get('/auth/me'), 200);
      expectStatus(await other.client().get('/auth/me', bearer), 200);
    }
    const answer = await admin.call(verb, `/auth/admin/users/${person.id}${path}`, body === undefined ? {} : { body });
    expect(answer.status).toBeLessThan(300);
    expectStatus(await elsewhere.get('/auth/me'), 401);
    expectStatus(await other.client().get('/auth/me', bearer), 401);
    const { refresh_token } = tokens;
    expectStatus(await other.client().post('/auth/token/refresh', { refresh_token }), 401);
  });

  it('refuses the one session that was ended', async () => {
    const person = await newPerson(app);
    const [one, two] = [await signedIn(app, person), await signedIn(app, person)];
    const { items } = (await one.get('/auth/sessions')).body;
    const { id } = items.find(({ current }: { current: boolean }) => current);
    expectStatus(await at(other, one).get('/auth/me'), 200);
    expectStatus(await admin.delete(`/auth/admin/users/${person.id}/sessions/${id}`), 204);
    expectStatus(await at(other, one).get('/auth/me'), 401);
    expectStatus(await at(other, two).get('/auth/me'), 200);
  });

  it('sees a role that was given, and is without one that was taken', async () => {
    const person = await newPerson(app);
    const elsewhere = at(other, await signedIn(app, person));
    const rolesThere = async (): Promise<unknown> => (await elsewhere.get('/auth/me')).body.roles;
    expect(await rolesThere()).toEqual([]);
    const roles = `/auth/admin/users/${person.id}/roles`;
    expectStatus(await admin.post(roles, { role: 'admin' }), 204);
    expect(await rolesThere()).toEqual(['admin']);
    expectStatus(await elsewhere.get('/auth/admin/users'), 200);
    expectStatus(await admin.delete(`${roles}/admin`), 204);
    expectStatus(await elsewhere.get('/auth/admin/users'), 403, 'FORBIDDEN');
  });
});
