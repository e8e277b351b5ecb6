import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Controller, Get } from '@nestjs/common';
import { Accounts, Auth } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { adminRoutes, expectStatus, newAdministrator, newPerson, signedIn, type Person } from './kit.js';

@Controller('gates')
class GatesController {
  @Get('read')
  @Auth({ permissions: ['notes:read'] })
  read(): void {}

  @Get('both')
  @Auth({ permissions: ['notes:read', 'bills:write'] })
  both(): void {}
}

describe.each(ADAPTERS)('every route of administration (%s)', (adapter) => {
  const clock = new TestClock();
  let app: TestApp;
  let routes: readonly string[];
  let admin: Client;
  let self: Person;
  let somebody: Person;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      clock,
      controllers: [GatesController],
      auth: {
        rateLimits: { multiplier: 1_000 },
        roles: {
          grants: {
            admin: ['*'],
            reader: ['notes:read'],
            writer: ['notes:*'],
            clerk: ['bills:write'],
            near: ['note:read'],
          },
        },
      },
    });
    routes = adminRoutes(app);
    const made = await newAdministrator(app);
    [admin, self] = [made.browser, made.who];
    somebody = await newPerson(app);
  });
  afterAll(() => app.close());

  /** A body that no route takes: what refuses the caller comes before what reads it. */
  const call = (client: Client, route: string, headers: Record<string, string> = {}): Promise<Answer> => {
    const [verb = '', path = ''] = route.split(' ');
    const filled = path.replace(':id', somebody.id).replaceAll(/:\w+/g, 'x');
    return client.call(verb, filled, { headers, ...(verb === 'GET' ? {} : { body: { surplus: 1 } }) });
  };
  const isWrite = (route: string): boolean => !route.startsWith('GET ');
  const answersOf = async (client: Client, which: readonly string[], headers?: Record<string, string>) =>
    Promise.all(which.map(async (route) => [route, ...said(await call(client, route, headers))]));
  const all = (which: readonly string[], status: number, code: string) => which.map((route) => [route, status, code]);

  it('is found', () => {
    expect(routes.length).toBeGreaterThan(15);
    expect(routes).toContain('DELETE /auth/admin/users/:id/roles/:role');
    expect(routes.filter(isWrite).length).toBeGreaterThan(9);
  });

  it('refuses who is not signed in, and who is no administrator', async () => {
    expect(await answersOf(app.client(), routes)).toEqual(all(routes, 401, 'NOT_AUTHENTICATED'));
    const user = await signedIn(app, await newPerson(app, ['reader', 'writer']));
    expect(await answersOf(user, routes)).toEqual(all(routes, 403, 'FORBIDDEN'));
  });

  it("refuses an API key, an administrator's too", async () => {
    const wrong = { 'x-api-key': 'gk_test_aaaaaaaaaaaaaaaaaaaaaa_wrong' };
    expect(await answersOf(app.client(), routes, wrong)).toEqual(all(routes, 401, 'INVALID_API_KEY'));
    const { body } = expectStatus(await admin.post('/auth/api-keys', { name: 'a script' }), 201);
    const right = { 'x-api-key': body.key as string };
    expect(await answersOf(app.client(), routes, right)).toEqual(all(routes, 403, 'FORBIDDEN'));
  });

  it('refuses an administrator who acts as somebody else', async () => {
    const acting = await signedIn(app, self);
    const { id } = await newPerson(app);
    expectStatus(await acting.post(`/auth/admin/users/${id}/impersonate`, { reason: 'a ticket' }), 200);
    expect((await acting.get('/auth/session')).body.user.id).toBe(id);
    expect(await answersOf(acting, routes)).toEqual(all(routes, 403, 'IMPERSONATION_FORBIDDEN'));
  });

  it('refuses to write for a session that is not fresh, over cookies and tokens, and reads for it', async () => {
    const password = 'correct horse battery staple';
    const tokens = (await app.client().signIn(self.email, password, { deliver: 'tokens' })).body;
    const bearer = { authorization: `Bearer ${tokens.access_token}` };
    clock.advance(6 * 60_000);
    const writes = routes.filter(isWrite);
    const refused = all(writes, 403, 'REAUTHENTICATION_REQUIRED');
    expect(await answersOf(admin, writes)).toEqual(refused);
    expect(await answersOf(app.client(), writes, bearer)).toEqual(refused);
    for (const [route, status] of await answersOf(
      admin,
      routes.filter((each) => !isWrite(each)),
    )) {
      expect([200, 400, 404], String(route)).toContain(status);
    }
    expectStatus(await admin.signIn(self.email), 200);
  });

  it('refuses a token without the scope "account" where there are scopes', async () => {
    const divided = await startApp({
      adapter,
      auth: { tokens: { scopes: { account: 'everyone', notes: 'everyone' } } },
    });
    try {
      const { who } = await newAdministrator(divided);
      const answer = await divided.client().signIn(who.email, undefined, { deliver: 'tokens', scope: 'notes' });
      const headers = { authorization: `Bearer ${expectStatus(answer, 200).body.access_token}` };
      for (const route of adminRoutes(divided).filter((each) => each.startsWith('GET'))) {
        expect([route, ...said(await call(divided.client(), route, headers))]).toEqual([route, 403, 'FORBIDDEN']);
      }
    } finally {
      await divided.close();
    }
  });

  it('answers hostile parameters with 400 or 404', async () => {
    const users = '/auth/admin/users';
    for (const query of [
      'limit=0',
      'limit=101',
      'limit=1&limit=2',
      'cursor=x',
      'cursor=i.',
      `cursor=i.${Buffer.from('\0').toString('base64url')}`,
      `cursor=a.${Buffer.from('ada').toString('base64url')}`,
      'disabled=yes',
      'verified=',
      'role=%20',
      'role[a]=1',
      'email=',
      'email=%00',
      'email=a&email=b',
      'e-mail=a',
      '__proto__=1',
    ]) {
      expectStatus(await admin.get(`${users}?${query}`), 400, 'VALIDATION_FAILED');
    }
    const disabled = Buffer.from('x_y').toString('base64url');
    expectStatus(await admin.get(`${users}?disabled=true&cursor=d.${disabled}`), 400, 'VALIDATION_FAILED');
    for (const id of ['%00', '..%2f', "'", 'é', 'x'.repeat(5_000), '__proto__', 'constructor']) {
      expect((await admin.get(`${users}/${id}`)).status, id).toBeLessThan(500);
      const deleted = await admin.delete(`${users}/${somebody.id}/roles/${id}`);
      expect(deleted.status, id).toBeLessThan(500);
    }
    for (const body of ['null', '[]', '"x"', '1', '{"__proto__":{"email":"a@example.com"}}', '{"constructor":1}']) {
      const raw = { raw: body, headers: { 'content-type': 'application/json' } };
      const answer = await admin.call('POST', users, raw);
      expect([400, 415], body).toContain(answer.status);
    }
  });

  it('lists a page at a time, by every filter', async () => {
    const accounts = app.get(Accounts);
    for (let index = 0; index < 7; index += 1) {
      const roles = index % 2 === 0 ? ['clerk'] : [];
      clock.advance(1);
      const user = await accounts.create({ email: `Lis_t%${index}@example.com`, roles, emailVerified: index < 3 });
      if (index > 4) await accounts.disable(user!.id);
    }
    await accounts.create({ email: 'lisst5@example.com' });
    const walk = async (query: string): Promise<string[]> => {
      const found: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const more = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const { body } = expectStatus(await admin.get(`/auth/admin/users?limit=2${query}${more}`), 200);
        expect(body.items.length).toBeLessThanOrEqual(2);
        found.push(...body.items.map((each: { email: string }) => each.email));
        cursor = body.nextCursor as string | null;
      }
      expect(new Set(found).size).toBe(found.length);
      return found;
    };
    const named = (...indexes: number[]) => indexes.map((index) => `Lis_t%${index}@example.com`);
    const email = `&email=${encodeURIComponent('LIS_T%')}`;
    expect(await walk(email)).toEqual(named(0, 1, 2, 3, 4, 5, 6));
    expect(await walk('&role=clerk')).toEqual(named(6, 4, 2, 0));
    expect(await walk('&disabled=true')).toEqual(expect.arrayContaining(named(6, 5)));
    expect(await walk(`${email}&disabled=false&verified=false`)).toEqual(named(3, 4));
    expect(await walk(`${email}&role=clerk&verified=true`)).toEqual(named(0, 2));
    expect(await walk('&role=nobody-has-it')).toEqual([]);
    const everybody = await walk('');
    expect(everybody).toEqual(expect.arrayContaining([...named(0, 6), self.email, 'lisst5@example.com']));
    expect((await walk('&verified=true')).length + (await walk('&verified=false')).length).toBe(everybody.length);
  });

  it('sees permissions by name, by resource and by everything, all of those that are asked', async () => {
    const seen = async (roles: readonly string[]): Promise<readonly number[]> => {
      const client = await signedIn(app, await newPerson(app, roles));
      return [(await client.get('/gates/read')).status, (await client.get('/gates/both')).status];
    };
    expect(await seen([])).toEqual([403, 403]);
    expect(await seen(['near'])).toEqual([403, 403]);
    expect(await seen(['reader'])).toEqual([200, 403]);
    expect(await seen(['writer'])).toEqual([200, 403]);
    expect(await seen(['clerk'])).toEqual([403, 403]);
    expect(await seen(['writer', 'clerk'])).toEqual([200, 200]);
    expect(await seen(['admin'])).toEqual([200, 200]);
  });
});

function said({ status, body }: Answer): readonly [number, string] {
  return [status, body?.code];
}
