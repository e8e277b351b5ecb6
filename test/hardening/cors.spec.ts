import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, type TestApp } from '../support/app.js';
import { call, HOST, PAGE, startHardened, type HttpAnswer } from './kit.js';

const MORE = 'https://more.example.com:8443';

/** Like a listed one, and none of them. */
const STRANGERS = [
  'null',
  'https://evil.example.net',
  `${PAGE}.evil.example.net`,
  'https://evil-app.example.com',
  'https://evilapp.example.com',
  'https://app.example.com.',
  'https://app.example.comm',
  'https://example.com',
  'https://sub.app.example.com',
  'https://app.example.com:8443',
  'https://app.example.com:443',
  'https://more.example.com',
  'https://more.example.com:84433',
  'http://app.example.com',
  'HTTPS://APP.EXAMPLE.COM',
  'https://App.example.com',
  'https://app.example.com/',
  'https://app.example.com@evil.example.net',
  'https://app.example.com evil',
  `${PAGE}, https://evil.example.net`,
  'https://appxexample.com',
  'http://localhost:5173',
  'https://127.0.0.1',
  '*',
];

const preflight = { method: 'OPTIONS' };
const ASKS = {
  'access-control-request-method': 'DELETE',
  'access-control-request-headers': 'x-csrf-token,content-type',
};

function corsOf({ headers }: HttpAnswer): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));
}

describe.each(ADAPTERS)('CORS on %s', (adapter) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startHardened(adapter, { http: { cors: { origins: [MORE, 'https://UPPER.example.com/'] } } });
  });
  afterAll(() => app.close());

  it('lets pages of listed origins read answers, with cookies', async () => {
    for (const origin of [PAGE, MORE, `https://${HOST}`, 'https://upper.example.com']) {
      const answer = await call(app, '/answer', { origin });
      expect(answer.headers['vary']).toBe('Origin');
      expect(corsOf(answer)).toEqual({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'Retry-After, WWW-Authenticate',
      });
      const refused = await call(app, '/auth/me', { origin });
      expect(refused.status).toBe(401);
      expect(corsOf(refused)).toMatchObject({ 'access-control-allow-origin': origin });
    }
  });

  it('answers preflights of listed origins itself', async () => {
    for (const path of ['/answer', '/auth/me', '/nowhere']) {
      const answer = await call(app, path, { origin: PAGE, ...ASKS }, preflight);
      expect(answer).toMatchObject({ status: 204, text: '' });
      expect(answer.headers['vary']).toBe('Origin, Access-Control-Request-Headers');
      expect(corsOf(answer)).toMatchObject({
        'access-control-allow-origin': PAGE,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET, HEAD, PUT, PATCH, POST, DELETE',
        'access-control-allow-headers': 'x-csrf-token,content-type',
        'access-control-max-age': '600',
      });
    }
  });

  it('names no header that is none', async () => {
    const asks = { ...ASKS, 'access-control-request-headers': 'x-a, \u00e9vil' };
    const answer = await call(app, '/answer', { origin: PAGE, ...asks }, preflight);
    expect(answer.headers).not.toHaveProperty('access-control-allow-headers');
  });

  it('gives no header at all to any other, nor to its preflight', async () => {
    for (const origin of STRANGERS) {
      const answer = await call(app, '/answer', { origin });
      expect(answer.status).toBe(200);
      expect(answer.headers['vary'], origin).toBe('Origin');
      expect(corsOf(answer), origin).toEqual({});
      const asked = await call(app, '/answer', { origin, ...ASKS }, preflight);
      expect(asked.status).toBe(204);
      expect(corsOf(asked), origin).toEqual({});
    }
    expect(corsOf(await call(app, '/answer'))).toEqual({});
  });

  it('leaves OPTIONS that ask for nothing to the application', async () => {
    expect((await call(app, '/answer', { origin: PAGE }, preflight)).status).toBe(404);
  });
});

describe('everybody', () => {
  it.each(ADAPTERS)('reads answers without cookies on %s, and never an echo of the origin', async (adapter) => {
    const app = await startHardened(adapter, { http: { cors: { origins: '*', credentials: false } } });
    for (const origin of ['https://evil.example.net', PAGE]) {
      const answer = await call(app, '/answer', { origin });
      expect(corsOf(answer)).toEqual({
        'access-control-allow-origin': '*',
        'access-control-expose-headers': 'Retry-After, WWW-Authenticate',
      });
    }
    expect(corsOf(await call(app, '/answer', { origin: 'null' }))).toEqual({});
    await app.close();
  });

  it('with cookies is refused in production, and elsewhere gets none', async () => {
    const http = { cors: { origins: '*' } } as const;
    await expect(startHardened('express', { http })).rejects.toThrow(/network\.cors: /);
    const app = await startHardened('fastify', { http, environment: 'test' });
    const answer = await call(app, '/answer', { origin: 'https://evil.example.net' });
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
    await app.close();
  });

  it('on this machine is let in outside production, and no name that only looks like it', async () => {
    const app = await startHardened('express', { environment: 'test' });
    for (const origin of ['http://localhost:5173', 'http://127.0.0.1:8080', 'http://[::1]:3000']) {
      expect((await call(app, '/answer', { origin })).headers['access-control-allow-origin']).toBe(origin);
    }
    for (const origin of [
      'http://localhost.evil.example',
      'http://127.0.0.1.nip.io',
      'null',
      'http://evil-localhost',
    ]) {
      expect(corsOf(await call(app, '/answer', { origin })), origin).toEqual({});
    }
    await app.close();
  });
});
