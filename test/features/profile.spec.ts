import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { TestClock } from '../../lib/testing/index.js';
import { STANDS, startApp, type TestApp } from '../support/app.js';

const fields = v.partial(
  v.object({
    displayName: v.pipe(v.string(), v.maxLength(40)),
    handle: v.pipe(v.string(), v.minLength(3)),
  }),
);

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

describe.each(STANDS)('the owner’s profile on $adapter, $database and $store', (stack) => {
  async function start(clock = new TestClock()): Promise<TestApp> {
    running = await startApp({
      ...stack,
      clock,
      auth: { profile: { fields }, publicUserFields: ['displayName', 'handle'], identifiers: ['email', 'handle'] },
    });
    return running;
  }

  it('changes the fields that are declared, and no other', async () => {
    const app = await start();
    const ada = app.client();
    expect((await ada.call('PATCH', '/auth/me', { body: { displayName: 'x' } })).status).toBe(401);
    await ada.register('ada@example.com');
    await ada.signIn('ada@example.com');
    const changed = await ada.call('PATCH', '/auth/me', { body: { displayName: 'Ada', handle: 'ada' } });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ email: 'ada@example.com', displayName: 'Ada', handle: 'ada' });
    expect((await ada.get('/auth/me')).body).toEqual(changed.body);
    expect((await app.client().signIn('ada')).status).toBe(200);

    for (const body of [
      { id: 'x' },
      { email: 'eve@example.com' },
      { passwordHash: 'x' },
      { emailVerifiedAt: 1 },
      { roles: ['admin'] },
      { displayName: 'x'.repeat(41) },
      { displayName: 'a\u0000b' },
      { displayName: 1, more: 2 },
    ]) {
      const refused = await ada.call('PATCH', '/auth/me', { body });
      expect(refused.body, JSON.stringify(body)).toMatchObject({ statusCode: 400, code: 'VALIDATION_FAILED' });
    }
    expect((await ada.call('PATCH', '/auth/me', { body: {} })).body).toEqual(changed.body);
    expect((await ada.call('PATCH', '/auth/me', { body: { handle: 'x1y' }, csrf: false })).body.code).toBe(
      'CSRF_FAILED',
    );
  });

  it('tells the owner, and nobody else, that a name is taken', async () => {
    const app = await start();
    const [ada, eve] = [app.client(), app.client()] as const;
    for (const [client, name] of [
      [ada, 'ada'],
      [eve, 'eve'],
    ] as const) {
      await client.register(`${name}@example.com`);
      await client.signIn(`${name}@example.com`);
    }
    await ada.call('PATCH', '/auth/me', { body: { handle: 'ada' } });
    const taken = await eve.call('PATCH', '/auth/me', { body: { handle: 'ada', displayName: 'Eve' } });
    expect(taken.body).toMatchObject({ statusCode: 409, code: 'ALREADY_EXISTS' });
    expect((await eve.get('/auth/me')).body).toMatchObject({ handle: null, displayName: null });
  });

  it('ends with the account, for which a fresh session is needed', async () => {
    const clock = new TestClock();
    const app = await start(clock);
    const [laptop, phone] = [app.client(), app.client()] as const;
    await laptop.register('ada@example.com');
    await phone.signIn('ada@example.com');
    await laptop.signIn('ada@example.com');
    clock.advance(5 * 60_000 + 1);
    expect((await laptop.delete('/auth/me')).body.code).toBe('REAUTHENTICATION_REQUIRED');
    await laptop.signIn('ada@example.com');
    const deleted = await laptop.delete('/auth/me');
    expect(deleted.status).toBe(204);
    expect(laptop.cookies.has('auth_session')).toBe(false);
    expect((await phone.get('/auth/me')).status).toBe(401);
    expect((await phone.signIn('ada@example.com')).status).toBe(401);
    expect(await app.dataSource.query('SELECT * FROM users')).toHaveLength(0);
    expect(await app.dataSource.query('SELECT * FROM auth_sessions')).toHaveLength(0);
    await laptop.register('ada@example.com');
    expect((await laptop.signIn('ada@example.com')).status).toBe(200);
  });
});

describe('a sign-in in a browser that is signed in', () => {
  it('ends the session from before: no id survives', async () => {
    running = await startApp();
    const ada = running.client();
    await ada.register('ada@example.com');
    await ada.signIn('ada@example.com');
    const before = ada.cookieHeader();
    await ada.signIn('ada@example.com');
    expect((await ada.get('/auth/me')).status).toBe(200);
    expect((await ada.get('/auth/me', { headers: { cookie: before } })).status).toBe(401);
    expect((await ada.get('/auth/sessions')).body.items).toHaveLength(1);
  });
});
