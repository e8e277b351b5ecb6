import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Accounts, AuthModule, PasswordHasher } from '../../lib/index.js';
import { CountingHasher } from '../attempts/kit.js';
import { ADAPTERS, PASSWORD, User } from '../support/app.js';
import { closeAfterEach, NotesController, startHost, VALUES, type Host } from '../module/kit.js';
import { hostModule, prepareHost, trace } from './host-app.js';

closeAfterEach();

const ADA = { email: 'ada@example.com', password: PASSWORD };

describe.each(ADAPTERS)('our routes within such a host on %s', (adapter) => {
  function start(): Promise<Host> {
    @Module({ controllers: [NotesController] })
    class NotesModule {}
    return startHost({
      adapter,
      imports: [
        hostModule([
          AuthModule.forRoot<User>({ userEntity: User, ...VALUES, rateLimits: { multiplier: 100 } }),
          NotesModule,
        ]),
      ],
      prepare: prepareHost,
    });
  }

  it('stand below its prefix, without a version, and do all they do', async () => {
    const client = (await start()).client();
    expect((await client.post('/api/auth/register', ADA)).body).toEqual({ data: { status: 'accepted' }, host: true });
    expect((await client.post('/api/auth/login', { ...ADA, password: 'wrong' })).body).toMatchObject({
      statusCode: 401,
      code: 'INVALID_CREDENTIALS',
    });
    const signedIn = await client.post('/api/auth/login', ADA);
    expect(signedIn.status).toBe(200);
    expect(signedIn.body.data).toMatchObject({ status: 'signed_in', user: { email: ADA.email } });
    expect(signedIn.headers.get('cache-control')).toBe('no-store');
    // Its interceptor's cookie and ours are both on the answer.
    expect(signedIn.setCookies.map((line) => line.split('=')[0]).sort()).toEqual([
      'auth_device',
      'auth_session',
      'seen',
    ]);

    expect((await client.get('/api/auth/me')).body.data).toMatchObject({ email: ADA.email });
    const session = (await client.get('/api/auth/session')).body.data;
    client.csrfToken = session.csrfToken;
    expect((await client.get('/api/auth/sessions')).body.data.items).toHaveLength(1);
    expect((await client.get('/api/v1/notes/marked')).body.data).toEqual({ userId: session.user.id });
    expect((await client.post('/api/auth/logout')).status).toBe(204);
    expect((await client.get('/api/v1/notes/marked')).status).toBe(401);
  });

  it('stand nowhere else', async () => {
    const client = (await start()).client();
    for (const path of ['/auth/session', '/api/v1/auth/session', '/v1/auth/session', '/api/v2/auth/session']) {
      expect([path, (await client.get(path)).status]).toEqual([path, 404]);
    }
  });

  it('guard its routes: those that say nothing need a sign-in, whatever the host says of its user', async () => {
    const host = await start();
    const client = host.client();
    for (const path of ['/api/v1/notes', '/v1/health', '/api/v1/notes/user']) {
      expect([path, (await client.get(path, { headers: { 'x-host-user': 'grace' } })).status]).toEqual([path, 401]);
    }
    await host.get(Accounts).create(ADA);
    await client.post('/api/auth/login', ADA);
    const answer = await client.get('/api/v1/notes/user', { headers: { 'x-host-user': 'grace' } });
    expect(answer.body.data).toEqual({ user: { name: 'grace' } });
    expect((await client.get('/api/v1/notes/user')).body.data).toEqual({ user: null });
  });

  it('stand between its guards: after those of the root, before those of later modules', async () => {
    const client = (await start()).client();
    trace.length = 0;
    expect((await client.get('/api/v1/notes')).status).toBe(401);
    expect(trace).toEqual(['first guard']);
    trace.length = 0;
    expect((await client.get('/api/auth/session')).status).toBe(200);
    expect(trace).toEqual(['first guard', 'last guard']);
  });

  it('are counted by its limits as well as by ours, each in headers of its own', async () => {
    const host = await start();
    const client = host.client();
    const first = await client.get('/api/auth/session');
    expect(first.headers.get('x-ratelimit-limit')).toBe('50');
    expect(first.headers.get('ratelimit-limit')).toBe('30000');
    expect((await client.post('/api/auth/logout')).headers.get('x-ratelimit-limit')).toBe('50');
    for (let count = 1; count < 50; count += 1) await client.get('/api/auth/session');
    const refused = await client.get('/api/auth/session');
    expect(refused.body).toEqual({ statusCode: 429, message: 'ThrottlerException: Too Many Requests' });
  });

  it('take their own bodies: the host’s whitelist refuses nothing that is ours, and ours refuses what is not', async () => {
    const client = (await start()).client();
    const strange = await client.post('/api/auth/login', { ...ADA, extra: 1 });
    expect(strange.body).toMatchObject({ statusCode: 400, code: 'VALIDATION_FAILED' });
    expect((await client.post('/api/auth/register', { email: 3 })).body.code).toBe('VALIDATION_FAILED');
  });

  it('answer what they have begun when the application is closed', async () => {
    const host = await startHost({
      adapter,
      imports: [hostModule([AuthModule.forRoot<User>({ userEntity: User, ...VALUES })])],
      prepare: prepareHost,
      override: (builder) => builder.overrideProvider(PasswordHasher).useClass(CountingHasher),
    });
    await host.get(Accounts).create(ADA);
    const hasher = host.get(PasswordHasher) as CountingHasher;
    const release = hasher.hold();
    const asked = postOnce(`${host.url}/api/auth/login`, ADA);
    while (hasher.checked === 0) await delay(2);
    const closed = host.app.close();
    await delay(50);
    release();
    const answer = await asked;
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('signed_in')]);
    await closed;
  });
});

/** On a connection of its own that ends with the answer: servers wait for those that are kept. */
function postOnce(url: string, body: object): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, method: 'POST', headers: { 'content-type': 'application/json' } });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    sent.end(JSON.stringify(body));
  });
}
