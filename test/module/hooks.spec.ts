import { NotAcceptableException } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Accounts, type BeforeSignIn } from '../../lib/index.js';
import { ADAPTERS, PASSWORD, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { countIn, never, startTold, type HookName, type ToldHooks } from './told-hooks.js';

let app: TestApp;
let hooks: ToldHooks;

afterEach(() => app.close());

function register(email = 'ada@example.com'): Promise<Answer> {
  return app.client().register(email);
}

describe.each(ADAPTERS)('beforeSignIn on %s', (adapter) => {
  beforeEach(async () => {
    ({ app, hooks } = await startTold({ adapter }));
    await app.get(Accounts).create({ email: 'ada@example.com', password: PASSWORD });
    hooks.calls.length = 0;
  });

  async function expectNoSession(answer: Answer): Promise<void> {
    expect(answer.setCookies).toEqual([]);
    expect(await countIn(app, 'auth_sessions')).toBe(0);
  }

  it('refuses with SIGN_IN_REFUSED, and is asked only after the right password', async () => {
    hooks.tell('beforeSignIn', () => false);
    expect((await app.client().signIn('ada@example.com', 'wrong')).status).toBe(401);
    expect((await app.client().signIn('nobody@example.com')).status).toBe(401);
    expect(hooks.calls).toEqual([]);
    const refused = await app.client().signIn('ada@example.com');
    expect(refused.body).toMatchObject({ statusCode: 403, code: 'SIGN_IN_REFUSED' });
    await expectNoSession(refused);
    const [[, told]] = hooks.calls as [[HookName, BeforeSignIn]];
    expect(told).toMatchObject({ method: 'pwd', address: '127.0.0.1', userId: expect.any(String) });
  });

  it.each<[string, () => unknown, number]>([
    [
      'an error',
      () => {
        throw new Error('down');
      },
      500,
    ],
    ['a rejected promise', () => Promise.reject(new Error('down')), 500],
    [
      'an exception of Nest',
      () => {
        throw new NotAcceptableException();
      },
      406,
    ],
    ['something that is no error', () => Promise.reject('down'), 500], // eslint-disable-line @typescript-eslint/prefer-promise-reject-errors
  ])('lets nobody in by throwing %s', async (_, behaviour, status) => {
    hooks.tell('beforeSignIn', behaviour);
    const answer = await app.client().signIn('ada@example.com');
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('down');
    await expectNoSession(answer);
    hooks.forget();
    expect((await app.client().signIn('ada@example.com')).status).toBe(200);
  });

  it('lets in by answering true or nothing', async () => {
    hooks.tell('beforeSignIn', () => true);
    expect((await app.client().signIn('ada@example.com')).status).toBe(200);
    hooks.forget();
    expect((await app.client().signIn('ada@example.com')).status).toBe(200);
  });

  it('and beforeRegister are answered 503 after 5 s when they never answer', async () => {
    hooks.tell('beforeSignIn', never);
    hooks.tell('beforeRegister', never);
    const begun = performance.now();
    const answers = await Promise.all([app.client().signIn('ada@example.com'), register('eve@example.com')]);
    expect(performance.now() - begun).toBeLessThan(7_000);
    for (const answer of answers) {
      expect(answer.body).toMatchObject({ statusCode: 503, code: 'STORE_UNAVAILABLE' });
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      await expectNoSession(answer);
    }
    expect(await countIn(app, 'users')).toBe(1);
    hooks.forget();
    expect((await app.client().signIn('ada@example.com')).status).toBe(200);
  });
});

describe.each(ADAPTERS)('beforeRegister on %s', (adapter) => {
  beforeEach(async () => {
    ({ app, hooks } = await startTold({ adapter }));
  });

  it('refuses new and taken addresses with the same answer, and learns nothing of either', async () => {
    await app.get(Accounts).create({ email: 'ada@example.com', password: PASSWORD });
    hooks.calls.length = 0;
    hooks.tell('beforeRegister', () => false);
    const [taken, fresh] = [await register(), await register('eve@example.com')];
    expect(fresh.body).toMatchObject({ statusCode: 403, code: 'FORBIDDEN' });
    expect([taken.status, taken.text]).toEqual([fresh.status, fresh.text]);
    expect(hooks.calls.map(([, told]) => told)).toEqual([
      { email: 'ada@example.com', fields: {}, address: '127.0.0.1' },
      { email: 'eve@example.com', fields: {}, address: '127.0.0.1' },
    ]);
    expect(await countIn(app, 'users')).toBe(1);
  });

  it('lets nobody in by throwing', async () => {
    hooks.tell('beforeRegister', () => {
      throw new Error('down');
    });
    expect((await register()).status).toBe(500);
    expect(await countIn(app, 'users')).toBe(0);
  });
});
