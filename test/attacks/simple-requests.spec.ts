import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RouteRules } from '../../lib/access/route-rules.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';

const BODY = '{"email":"eve@example.com","password":"correct horse battery staple","x":"=y"}';
const BODIES: readonly (readonly [type: string, body: string])[] = [
  ['text/plain', BODY],
  ['application/x-www-form-urlencoded', BODY],
  [
    'multipart/form-data; boundary=b',
    `--b\r\nContent-Disposition: form-data; name="email"\r\n\r\n${BODY}\r\n--b--\r\n`,
  ],
  ['application/json', BODY],
];

/** What a page of anybody can have a browser send without being asked first. */
describe.each(ADAPTERS)('requests that need no preflight, on %s', (adapter) => {
  let app: TestApp;
  let victim: Client;
  let changing: readonly (readonly [verb: string, path: string])[];

  beforeAll(async () => {
    app = await startApp({ adapter, auth: { rateLimits: { multiplier: 1_000 } } });
    victim = app.client();
    await victim.register('ada@example.com');
    await victim.signIn('ada@example.com');
    changing = app
      .get(RouteRules)
      .entries()
      .filter(({ own, kind, route }) => own && kind === 'http' && route?.method !== 'GET')
      .flatMap(({ route }) =>
        (route?.paths ?? []).map((path) => [route!.method, `/auth${path}`.replace(/:\w+/g, 'x')] as const),
      );
  });
  afterAll(() => app.close());

  async function everything(): Promise<unknown> {
    const tables = ['users', 'auth_accounts', 'auth_sessions', 'auth_roles', 'auth_api_keys', 'auth_one_time_tokens'];
    const known = app.dataSource.entityMetadatas.map(({ tableName }) => tableName);
    return Promise.all(
      tables.filter((name) => known.includes(name)).map((name) => app.dataSource.query(`SELECT * FROM ${name}`)),
    );
  }

  it('change nothing, whatever they call their body', async () => {
    const before = await everything();
    expect(changing.length).toBeGreaterThan(30);
    for (const [, path] of changing.filter(([verb]) => verb === 'POST')) {
      for (const [type, raw] of BODIES) {
        const headers = { 'content-type': type, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
        const { status } = await victim.call('POST', path, { raw, headers, csrf: false });
        expect(status, `${path} as ${type}`).toBeGreaterThanOrEqual(400);
        expect(status, `${path} as ${type}`).toBeLessThan(500);
      }
    }
    expect(await everything()).toEqual(before);
    expect((await victim.get('/auth/session')).body.user).toMatchObject({ email: 'ada@example.com' });
  });

  it('of a method that only reads change nothing', async () => {
    const before = await everything();
    const read = new Set(
      app
        .get(RouteRules)
        .entries()
        .filter(({ own, route }) => own && route?.method === 'GET')
        .flatMap(({ route }) => (route?.paths ?? []).map((path) => `/auth${path}`.replace(/:\w+/g, 'x'))),
    );
    for (const [verb, path] of changing.filter(([, one]) => !read.has(one))) {
      for (const method of ['GET', 'HEAD']) {
        const { status } = await victim.call(method, path);
        expect([401, 404, 405], `${method} for ${verb} ${path}`).toContain(status);
      }
    }
    expect(await everything()).toEqual(before);
  });
});
