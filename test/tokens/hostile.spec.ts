import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, PASSWORD, type TestApp } from '../support/app.js';
import type { CallOptions } from '../support/client.js';
import { asBearer, newFamily, refreshed, startTokens, usable, type Family } from './kit.js';

const PATHS = ['/auth/token', '/auth/token/refresh', '/auth/token/revoke', '/auth/token/introspect'];

const as = (type: string, raw: string | Uint8Array): CallOptions => ({ raw, headers: { 'content-type': type } });

const BODIES: readonly [string, CallOptions][] = [
  ['no body', {}],
  ['text', as('text/plain', 'grant_type=password')],
  ['no content type that we know', as('application/octet-stream', 'x')],
  ['a content type that is none', as('nonsense', '{}')],
  ['a multipart body', as('multipart/form-data; boundary=x', '--x--')],
  ['half an object', as('application/json', '{"grant_type":')],
  ['a list', as('application/json', '[{"grant_type":"password"}]')],
  ['a number', as('application/json', '1')],
  ['null', as('application/json', 'null')],
  ['an empty body', as('application/json', '')],
  ['keys of the prototype', as('application/json', '{"__proto__":{"grant_type":"password"},"constructor":{"x":1}}')],
  ['the same in a form', as('application/x-www-form-urlencoded', '__proto__[grant_type]=password&toString=x')],
  ['parts of a parameter', as('application/x-www-form-urlencoded', 'grant_type[]=password&grant_type[x]=y&token[a]=b')],
  ['escapes that are none', as('application/x-www-form-urlencoded', 'grant_type=%E0%A4%A&token=%FF&refresh_token=%')],
  ['NUL bytes', as('application/json', '{"grant_type":"\\u0000","token":"\\u0000","refresh_token":"\\u0000"}')],
  ['10 MB of JSON', as('application/json', `{"token":"${'x'.repeat(10_000_000)}"}`)],
  ['10 MB of a form', as('application/x-www-form-urlencoded', `token=${'x'.repeat(10_000_000)}`)],
  ['thousands of parameters', as('application/x-www-form-urlencoded', 'a=1&'.repeat(5_000))],
  ['a deep object', as('application/json', `${'{"token":'.repeat(5_000)}1${'}'.repeat(5_000)}`)],
];

describe.each(ADAPTERS)('hostile requests to the token endpoints on %s', (adapter) => {
  let app: TestApp;
  let family: Family;
  beforeAll(async () => {
    app = await startTokens({ adapter, auth: { rateLimits: { multiplier: 1_000 } } });
    family = await newFamily(app);
  });
  afterAll(() => app.close());

  describe.each(PATHS)('%s', (path) => {
    it.each(BODIES)('refuses %s', async (_what, options) => {
      const authorization = `Bearer ${family.first.access_token}`;
      const answer = await app
        .client()
        .call('POST', path, { ...options, headers: { ...options.headers, authorization } });
      // RFC 7009 §2.2: what is no token of ours is as good as revoked.
      const isHarmless = answer.status === 200 && ['/auth/token/revoke', '/auth/token/introspect'].includes(path);
      expect(isHarmless || (answer.status >= 400 && answer.status < 500), `${answer.status}`).toBe(true);
      expect(answer.text).not.toMatch(/\bat \S+ \(|node_modules|\.ts:\d/);
      if (answer.body?.code !== undefined) {
        expect(answer.body.error).toMatch(/^(?:invalid_request|invalid_grant|unsupported_grant_type)$/);
        expect(answer.body.error_description).toBe(answer.body.message);
      }
    });

    it('knows no GET, and no parameters in the address', async () => {
      const query = `?${new URLSearchParams({ grant_type: 'password', token: family.first.access_token }).toString()}`;
      expect((await app.client().get(path)).status).toBe(404);
      expect((await app.client().get(path + query)).status).toBe(404);
      const answer = await asBearer(app, family.first.access_token, path + query, 'POST', {});
      expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
    });
  });

  it('have left the session as it was', async () => {
    expect(await usable(app, family.first)).toBe(true);
    expect(await usable(app, await refreshed(app, family.first))).toBe(true);
    const username = family.person.email;
    const { status } = await app.client().post('/auth/token', { grant_type: 'password', username, password: PASSWORD });
    expect(status).toBe(200);
  });
});
