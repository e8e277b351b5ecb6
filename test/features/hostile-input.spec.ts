import { BadRequestException, ValidationPipe, type INestApplication } from '@nestjs/common';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, MARIADB_STACK, STACKS, startApp, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';

/** Every endpoint, whatever the state of the caller. */
const ENDPOINTS: readonly (readonly [method: string, path: string])[] = [
  ['POST', '/auth/register'],
  ['POST', '/auth/login'],
  ['POST', '/auth/token'],
  ['POST', '/auth/token/refresh'],
  ['POST', '/auth/token/revoke'],
  ['POST', '/auth/token/introspect'],
  ['POST', '/auth/logout'],
  ['GET', '/auth/session'],
  ['GET', '/auth/me'],
  ['GET', '/auth/sessions'],
  ['DELETE', '/auth/sessions/some-id'],
  ['DELETE', '/auth/sessions'],
  ['GET', '/auth/admin/checklist'],
];

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  Number.MAX_VALUE,
  '',
  ' ',
  '\u0000',
  'a\u0000@example.com',
  '\ud800',
  '＠',
  'ada＠example.com',
  "' OR 1=1 --",
  '💥'.repeat(1_000),
  'x'.repeat(100_000),
  [],
  ['ada@example.com'],
  {},
  { $ne: null },
  { toString: 'x' },
  [[[[[[]]]]]],
];

const BODIES: readonly string[] = [
  '',
  '{',
  '{"email":1e400,"password":1e400}',
  'null',
  '[]',
  '"text"',
  '1',
  '{"__proto__":{"isAdmin":true}}',
  '{"constructor":{"prototype":{"isAdmin":true}}}',
  '{"email":"a@example.com","password":"correct horse battery staple","__proto__":{"roles":["admin"]}}',
  '{"email":"a@example.com","password":"correct horse battery staple","roles":["admin"],"id":"1","emailVerifiedAt":1}',
  `{"email":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
  'email=a@example.com&password[]=x',
];

const COOKIES: readonly string[] = [
  'auth_session=',
  'auth_session=%E0%A4%A',
  'auth_session="quoted"; auth_session=twice',
  'auth_session=a.b.c.d',
  'auth_session=__proto__',
  `auth_session=${'A'.repeat(6_000)}`,
  `auth_device=${'A'.repeat(6_000)}`,
  ';;;===;,,',
  'auth_session',
];

const HOST_PIPES: readonly (readonly [name: string, prepare: ((app: INestApplication) => void) | undefined])[] = [
  ['no pipe of the host', undefined],
  [
    'every strict option of the host’s ValidationPipe',
    (app) =>
      app.useGlobalPipes(
        new ValidationPipe({
          whitelist: true,
          forbidNonWhitelisted: true,
          forbidUnknownValues: true,
          validateCustomDecorators: true,
          transform: true,
          transformOptions: { enableImplicitConversion: true },
          exceptionFactory: () => new BadRequestException('host'),
        }),
      ),
  ],
];

/** Each adapter with and without pipes of the host, and each database once. */
const matrix = ADAPTERS.flatMap((adapter, at) =>
  HOST_PIPES.map(([pipes, prepare], index) => ({ adapter, ...STACKS[(at + index) % 2]!, pipes, prepare })),
).concat({ adapter: 'fastify', ...MARIADB_STACK, pipes: HOST_PIPES[0]![0], prepare: HOST_PIPES[0]![1] });

describe.each(matrix)('hostile input on $adapter, $database, $store with $pipes', ({ prepare, ...stack }) => {
  let app: TestApp;
  let signedIn: Client;

  beforeAll(async () => {
    app = await startApp({
      ...stack,
      ...(prepare === undefined ? {} : { prepare }),
      auth: { rateLimits: { multiplier: 1_000 } },
    });
    signedIn = app.client();
    await signedIn.register('owner@example.com');
    expect((await signedIn.signIn('owner@example.com')).status).toBe(200);
  });
  afterAll(() => app.close());

  const refused = (status: number, text: string): void => {
    expect(status, text.slice(0, 200)).toBeLessThan(500);
    expect(text).not.toMatch(/\bat .+\.[jt]s:\d+/);
  };

  it('of every wrong type and text in every field is a 4xx with all problems', async () => {
    for (const [method, path] of ENDPOINTS.filter(([verb]) => verb === 'POST')) {
      for (const value of VALUES) {
        for (const body of [
          { email: value, password: value },
          { email: 'a@example.com', password: value, rememberMe: value, deliver: value },
          { grant_type: value, refresh_token: value, token: value },
          { grant_type: 'password', username: value, password: value, scope: value, device_token: value },
          { grant_type: 'authorization_code', code: value, code_verifier: value },
        ]) {
          const { status, text } = await app.client().call(method, path, { body });
          refused(status, text);
        }
      }
    }
  });

  it('as a body that is no object is a 4xx', async () => {
    for (const [method, path] of ENDPOINTS.filter(([verb]) => verb === 'POST')) {
      for (const raw of BODIES) {
        for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain', 'application/xml']) {
          const { status, text } = await app.client().call(method, path, { raw, headers: { 'content-type': type } });
          refused(status, text);
        }
      }
    }
    const rows = await app.dataSource.query("SELECT role FROM auth_user_roles WHERE role = 'admin'");
    expect(rows).toHaveLength(0);
  });

  it('of 10 MB is refused', async () => {
    const body = { email: 'a@example.com', password: 'x'.repeat(10_000_000) };
    for (const path of ['/auth/register', '/auth/login']) {
      const answer = await app
        .client()
        .post(path, body)
        .catch(() => ({ status: 413, text: '' }));
      refused(answer.status, answer.text);
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
  });

  it('in cookies, headers, ids and queries is a 4xx, or as if it were not there', async () => {
    for (const [method, path] of ENDPOINTS) {
      for (const cookie of COOKIES) {
        const { status, text } = await app.client().call(method, path, { headers: { cookie } });
        refused(status, text);
      }
    }
    for (const [name, value] of HEADERS) {
      for (const [method, path] of ENDPOINTS) refused(...(await rawCall(app.url, method, path, { [name]: value })));
    }
    for (const id of [
      '%00',
      '..%2f..%2f',
      '%E0%A4%A',
      "'%20OR%201=1--",
      '%F0%9F%92%A5',
      'a'.repeat(5_000),
      '__proto__',
    ]) {
      const { status, text } = await signedIn.delete(`/auth/sessions/${id}`);
      refused(status, text);
      expect(status).toBeGreaterThanOrEqual(400);
    }
    for (const query of ['limit=0', 'limit=1e9', 'limit=%00', 'cursor=%00', 'limit=1&limit=2']) {
      const { status, text } = await signedIn.get(`/auth/sessions?${query}`);
      expect(status, query).toBe(400);
      refused(status, text);
    }
    expect((await signedIn.get('/auth/me')).status).toBe(200);
  });

  it('leaves the answers of every endpoint as documented', async () => {
    const anonymous = app.client();
    expect((await anonymous.post('/auth/register', { email: 'x', password: 'short', more: 1 })).body).toMatchObject({
      statusCode: 400,
      error: 'Bad Request',
      code: 'VALIDATION_FAILED',
      details: [
        { field: 'email', rule: 'format' },
        { field: 'more', rule: 'unknown' },
        { field: 'password', rule: 'minLength' },
      ],
    });
    expect((await anonymous.post('/auth/register', { email: 'x@example.com', password: 'short' })).body.code).toBe(
      'PASSWORD_REJECTED',
    );
    expect((await anonymous.post('/auth/login', {})).body).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: [
        { field: 'email', rule: 'required' },
        { field: 'password', rule: 'required' },
      ],
    });
    expect((await anonymous.signIn('owner@example.com', 'wrong wrong wrong')).body.code).toBe('INVALID_CREDENTIALS');
    const tokens = await anonymous.signIn('owner@example.com', undefined, { deliver: 'tokens' });
    expect(tokens.body).toMatchObject({ status: 'signed_in', token_type: 'Bearer', expires_in: 900 });
    for (const path of ['/auth/me', '/auth/sessions', '/auth/admin/checklist']) {
      expect((await anonymous.get(path)).body).toMatchObject({ statusCode: 401, code: 'NOT_AUTHENTICATED' });
    }
    expect((await signedIn.get('/auth/admin/checklist')).body.code).toBe('FORBIDDEN');
    expect((await signedIn.delete('/auth/sessions', { csrf: false })).body.code).toBe('CSRF_FAILED');
    expect((await anonymous.get('/auth/me', { headers: { authorization: 'Bearer x' } })).body.code).toBe(
      'INVALID_ACCESS_TOKEN',
    );
    expect((await anonymous.get('/auth/me', { headers: { 'x-api-key': 'x' } })).body.code).toBe('INVALID_API_KEY');
  });
});

const HEADERS: readonly (readonly [string, string])[] = [
  ['authorization', 'Bearer \u00ff\u00fe'],
  ['authorization', 'Bearer'],
  ['authorization', `Bearer ${'x'.repeat(7_000)}`],
  ['x-api-key', '\u00e9'],
  ['x-csrf-token', '\u00e9\u00e9'],
  ['cookie', 'auth_session=\u00e9\u00ff'],
  ['origin', 'null'],
  ['origin', '\u00e9'],
  ['user-agent', '\u00e9\u00ff'.repeat(500)],
  ['x-forwarded-for', '\u00e9, ::::, 999.1.1.1'],
  ['sec-fetch-site', '\u00e9'],
  ['content-type', '\u00e9'],
];

/** Bytes beyond ASCII, which `fetch` refuses to send. */
function rawCall(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const call = request(url + path, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve([response.statusCode ?? 0, text]));
    });
    call.on('error', reject);
    call.end();
  });
}
