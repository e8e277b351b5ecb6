import { afterEach, describe, expect, it } from 'vitest';
import { newPerson, signedIn } from '../sessions/kit.js';
import { ADAPTERS, PASSWORD, type AppSetup, type TestApp } from '../support/app.js';
import { asBearer, newFamily, SCOPES, startTokens, tokensOf, usable } from './kit.js';

let app: TestApp;
afterEach(() => app.close());

const UNKNOWN_ID = '018f0000-0000-7000-8000-000000000000';

/** Every route that shows or changes the account beyond what a token says itself. */
const ACCOUNT_ROUTES = [
  { method: 'GET', path: '/auth/sessions', otherwise: 200 },
  { method: 'DELETE', path: `/auth/sessions/${UNKNOWN_ID}`, otherwise: 404 },
  { method: 'DELETE', path: '/auth/sessions?keepCurrent=true', otherwise: 200 },
  { method: 'POST', path: '/auth/password/change', otherwise: 400 },
  { method: 'POST', path: '/auth/password/set', otherwise: 400 },
  { method: 'POST', path: '/auth/email/change/request', otherwise: 400 },
  { method: 'POST', path: '/auth/reauthenticate', otherwise: 400 },
  { method: 'POST', path: '/auth/reauthenticate/email-code', otherwise: 202 },
  { method: 'PATCH', path: '/auth/me', otherwise: 200 },
  { method: 'DELETE', path: '/auth/me', otherwise: 204 },
] as const;

describe.each(ADAPTERS)('managing the account by a token on %s', (adapter) => {
  async function start(scopes: object): Promise<void> {
    const tokens = { scopes } as NonNullable<AppSetup['auth']>['tokens'];
    app = await startTokens({ adapter, auth: { tokens: tokens!, rateLimits: { multiplier: 1_000 } } });
  }

  const call = (token: string, { method, path }: { method: string; path: string }) =>
    asBearer(app, token, path, method, method.startsWith('P') ? {} : undefined);

  it.each(ACCOUNT_ROUTES)('needs the scope "account" at $method $path', async (route) => {
    await start({ ...SCOPES, account: 'everyone' });
    const { person, first } = await newFamily(app, [], { scope: 'notes:read' });
    const browser = await signedIn(app, person);
    const { status, body, headers } = await call(first.access_token, route);
    expect([status, body.code]).toEqual([403, 'FORBIDDEN']);
    expect(headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="account"');
    expect((await browser.get('/whoami')).status).toBe(200);
    expect((await app.client().signIn(person.email)).status).toBe(200);
    const wide = await tokensOf(app, person, { scope: 'account' });
    expect((await call(wide.access_token, route)).status).toBe(route.otherwise);
  });

  it.each(ACCOUNT_ROUTES)('needs it also where nobody can have it: $method $path', async (route) => {
    await start({ 'notes:read': 'everyone' });
    const { first } = await newFamily(app);
    expect((await call(first.access_token, route)).status).toBe(403);
    expect(await usable(app, first)).toBe(true);
  });

  it.each(ACCOUNT_ROUTES)('needs no scope where there are none: $method $path', async (route) => {
    await start({});
    const { first } = await newFamily(app);
    expect(first.scope).toBe('');
    expect((await call(first.access_token, route)).status).toBe(route.otherwise);
  });

  it('needs none in a browser, and reading the own profile and leaving need none at all', async () => {
    await start({ ...SCOPES, account: 'everyone' });
    const person = await newPerson(app);
    const browser = await signedIn(app, person);
    expect((await browser.get('/auth/sessions')).status).toBe(200);
    expect((await browser.call('PATCH', '/auth/me', { body: {} })).status).toBe(200);
    expect((await browser.delete('/auth/sessions?keepCurrent=true')).status).toBe(200);
    const narrow = await tokensOf(app, person, { scope: 'notes:read' });
    expect((await asBearer(app, narrow.access_token, '/auth/me')).status).toBe(200);
    expect((await asBearer(app, narrow.access_token, '/auth/logout', 'POST')).status).toBe(204);
    expect(await usable(app, narrow)).toBe(false);
    expect((await browser.delete('/auth/me')).status).toBe(204);
    expect((await app.client().signIn(person.email, PASSWORD)).status).toBe(401);
  });
});
