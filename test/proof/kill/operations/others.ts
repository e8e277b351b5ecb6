import { expect } from 'vitest';
import type { DoomedRequest, Operations } from '../doomed.js';
import type { MortalApp } from '../mortal-app.js';
import { Person } from '../person.js';
import { oneSessionAtMost } from './sign-in.js';

export const OTHER_OPERATIONS: Operations = {
  'the first arrival from a provider': (app) => arrival(app, { known: false }),
  'a later arrival from a provider': (app) => arrival(app, { known: true }),
  'a new API key': apiKey,
};

async function arrival(app: MortalApp, { known }: { readonly known: boolean }): Promise<DoomedRequest> {
  const email = app.newAddress();
  const approval = { sub: email, email };
  const back = async (browser: Person): Promise<string> => {
    const { status, headers, text } = await browser.get('/auth/oauth/hostile');
    expect(status, text).toBe(302);
    const { pathname, search } = app.provider.approve(headers.get('location')!, approval);
    return pathname + search;
  };
  const through = async (): Promise<void> => {
    const browser = new Person(app, email);
    expect((await browser.get(await back(browser))).status).toBe(302);
    expect(await browser.isSignedIn()).toBe(true);
  };
  if (known) {
    await through();
    await app.query('DELETE FROM auth_sessions WHERE user_id = (SELECT id FROM users WHERE email = $1)', [email]);
  }
  const person = new Person(app, email);
  const path = await back(person);
  return {
    status: 302,
    send: (dieAt) => person.get(path, dieAt),
    check: async (answer) => {
      if (answer !== undefined) expect(answer.headers.get('location')).not.toContain('error');
      const accounts = await app.count('users', 'email = $1', [email]);
      expect(accounts).toBeLessThanOrEqual(1);
      if (known) expect(accounts).toBe(1);
      expect(await app.count('auth_identities', 'subject = $1', [email])).toBe(accounts);
      const sessions = await oneSessionAtMost(person, answer !== undefined);
      // The state is taken once, whatever became of the first time.
      await person.copy().get(path);
      if (sessions === 1) expect(await person.rows('auth_sessions')).toBe(1);
      await through();
      expect(await app.count('users', 'email = $1', [email])).toBe(1);
      expect(await app.count('auth_identities', 'subject = $1', [email])).toBe(1);
    },
  };
}

async function apiKey(app: MortalApp): Promise<DoomedRequest> {
  const person = await app.member();
  const make = (dieAt?: string) => person.post('/auth/api-keys', { name: 'Robot' }, dieAt);
  const works = async (key: string): Promise<boolean> => {
    const machine = new Person(app, person.email);
    const { status } = await machine.call('GET', '/notes', undefined, undefined, { 'x-api-key': key });
    expect([200, 401]).toContain(status);
    return status === 200;
  };
  return {
    status: 201,
    send: make,
    check: async (answer) => {
      const keys = await person.rows('auth_api_keys');
      expect(keys).toBeLessThanOrEqual(1);
      expect(await person.events('api_key.created')).toBe(keys);
      if (answer !== undefined) expect([keys, await works(answer.body.key)]).toEqual([1, true]);
      const second = (await make()).body;
      expect(await works(second.key)).toBe(true);
      expect(await person.rows('auth_api_keys')).toBe(keys + 1);
      // Whoever never saw a key finds it in the list, and ends it.
      expect((await person.call('DELETE', '/auth/api-keys')).status).toBe(200);
      expect(await works(second.key)).toBe(false);
    },
  };
}
