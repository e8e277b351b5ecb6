import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newPerson, type Person } from '../sessions/kit.js';
import { ADAPTERS, PASSWORD, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { askToken, claimsOf, generationOf, hooksOf, newFamily, rowOf, startTokens, usable } from './kit.js';

import { FORMATS, type Parameters } from './grant-lab.js';

const SUCCESS = ['access_token', 'device_token', 'expires_in', 'refresh_token', 'scope', 'token_type'];

describe.each(ADAPTERS)('the token endpoint on %s', (adapter) => {
  let app: TestApp;
  let ada: Person;
  beforeAll(async () => {
    app = await startTokens({ adapter, auth: { rateLimits: { multiplier: 1_000 } } });
    ada = await newPerson(app, ['editor']);
  });
  afterAll(() => app.close());
  beforeEach(() => hooksOf(app).reset());

  const password = (more: Parameters = {}): Parameters => ({
    grant_type: 'password',
    username: ada.email,
    password: PASSWORD,
    ...more,
  });

  describe.each(FORMATS)('with $as', ({ send }) => {
    const token = (body: Parameters): Promise<Answer> => send(app, '/auth/token', body);
    const headersOf = ({ headers }: Answer): unknown[] => [headers.get('cache-control'), headers.get('pragma')];

    it('gives tokens for a password', async () => {
      const answer = await token(password());
      expect(answer.status).toBe(200);
      expect(Object.keys(answer.body).sort()).toEqual(SUCCESS);
      expect(answer.body).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'notes:read notes:write' });
      expect(headersOf(answer)).toEqual(['no-store', 'no-cache']);
      expect(await usable(app, answer.body)).toBe(true);
      expect(answer.setCookies.map((line) => line.split('=')[0])).toEqual(['auth_device']);
    });

    it('gives the scopes that were asked for and can be granted, unknown ones left out', async () => {
      const { status, body } = await token(password({ scope: 'notes:write token:introspect nothing' }));
      expect([status, body.scope]).toEqual([200, 'notes:write']);
      expect(claimsOf(body.access_token)).toMatchObject({ scope: 'notes:write', roles: ['editor'] });
    });

    it('refreshes, at both addresses', async () => {
      const { body: first } = await token(password({ scope: 'notes:read' }));
      const second = await token({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
      expect(second.status).toBe(200);
      expect(Object.keys(second.body).sort()).toEqual(SUCCESS.filter((name) => name !== 'device_token'));
      expect(headersOf(second)).toEqual(['no-store', 'no-cache']);
      expect(second.setCookies).toEqual([]);
      const third = await send(app, '/auth/token/refresh', {
        refresh_token: second.body.refresh_token,
        scope: 'notes:read',
        grant_type: 'anything',
      });
      expect(third.status).toBe(200);
      expect(headersOf(third)).toEqual(['no-store', 'no-cache']);
      expect(generationOf(third.body.refresh_token)).toBe(2);
      expect(third.body.scope).toBe('notes:read');
    });

    it('ignores what it does not know, and takes an empty parameter as left out', async () => {
      const more = { client_id: 'x', client_secret: 'y', audience: 'z', scope: '', device_token: '', code: '' };
      const { status, body } = await token(password(more));
      expect([status, body.scope]).toEqual([200, 'notes:read notes:write']);
    });
  });

  it('leaves no session behind when the claims of its token cannot be had', async () => {
    const person = await newPerson(app);
    hooksOf(app).more = () => {
      throw new Error('of the application');
    };
    const answer = await askToken(app, password({ username: person.email }));
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('of the application');
    expect(answer.setCookies).toEqual([]);
    expect((await rowOf(app, person)).revokedAt).not.toBeNull();
  });

  it('adds claims of the application, but none that has a meaning already', async () => {
    hooksOf(app).more = () => ({ tenant: 'blue', sub: 'somebody', exp: 1, scope: 'all', roles: ['admin'] });
    const { first } = await newFamily(app);
    expect(claimsOf(first.access_token)).toMatchObject({ tenant: 'blue', scope: 'notes:read', roles: [] });
    expect(await usable(app, first)).toBe(true);
  });
});
