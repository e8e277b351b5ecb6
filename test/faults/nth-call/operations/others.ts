import { expect } from 'vitest';
import type { Operation, Operations } from '../operation.js';
import { Person } from '../person.js';
import type { Run } from '../run.js';
import type { Stand } from '../stand.js';
import { oneSession } from './sign-ins.js';

export const OTHER_OPERATIONS: Operations = {
  'OAuth callback (new account)': (stand, run) => arrival(stand, run, false),
  'OAuth callback (known account)': (stand, run) => arrival(stand, run, true),
  'API-key creation': apiKey,
};

async function arrival(stand: Stand, run: Run, known: boolean): Promise<Operation> {
  const email = stand.newAddress();
  const back = async (browser: Person): Promise<string> => {
    const { status, headers, text } = await browser.surely(() => browser.call('GET', '/auth/oauth/hostile'));
    expect(status, text).toBe(302);
    const { pathname, search } = stand.provider.approve(headers.get('location')!, { sub: email, email });
    return pathname + search;
  };
  const accounts = () => stand.count('users', 'email = ?', [email]);
  const identities = () => stand.count('auth_identities', 'subject = ?', [email]);
  const through = async (browser: Person): Promise<void> => {
    const { status, text } = await browser.surely(async () => browser.call('GET', await back(browser)));
    expect(status, text).toBe(302);
    expect(await browser.isSignedIn()).toBe(true);
  };
  if (known) await through(new Person(stand, run.id, email));
  const [user] = await stand.query('SELECT id FROM users WHERE email = ?', [email]);
  await stand.query('DELETE FROM auth_sessions WHERE user_id = ?', [user?.['id'] ?? '']);
  const person = new Person(stand, run.id, email, user === undefined ? '' : String(user['id']));
  const path = await back(person);
  return {
    status: 302,
    ...(known ? { signsIn: oneSession(person).signsIn } : {}),
    send: () => person.call('GET', path),
    check: async (acknowledged) => {
      if (acknowledged !== undefined) expect(acknowledged.headers.get('location')).not.toContain('error');
      if (known || acknowledged !== undefined) expect(await accounts()).toBe(1);
      expect(await identities()).toBe(await accounts());
      const [row] = await stand.query('SELECT id FROM users WHERE email = ?', [email]);
      const owner = new Person(stand, run.id, email, row === undefined ? '' : String(row['id']));
      const sessions = await owner.liveSessions();
      expect(sessions).toBeLessThanOrEqual(1);
      if (acknowledged !== undefined) expect(sessions).toBe(1);
      expect(await person.isSignedIn()).toBe(acknowledged !== undefined);
      // The state is taken once, whatever became of the first time.
      await person.copy().call('GET', path);
      if (sessions === 1) expect(await owner.rows('auth_sessions')).toBe(1);
      await through(new Person(stand, run.id, email));
      expect([await accounts(), await identities()]).toEqual([1, 1]);
    },
  };
}

async function apiKey(stand: Stand, run: Run): Promise<Operation> {
  const person = await stand.member(run);
  const make = () => person.post('/auth/api-keys', { name: 'Robot' });
  const works = (key: string) => person.elsewhere().isSignedIn({ 'x-api-key': key });
  return {
    status: 201,
    send: make,
    check: async (acknowledged) => {
      const keys = await person.rows('auth_api_keys');
      expect(keys).toBeLessThanOrEqual(1);
      expect(await person.events('api_key.created')).toBe(keys);
      if (acknowledged !== undefined) expect([keys, await works(acknowledged.body.key)]).toEqual([1, true]);
      const second = (await person.surely(make)).body;
      expect(await works(second.key)).toBe(true);
      expect(await person.rows('auth_api_keys')).toBeGreaterThanOrEqual(keys + 1);
      // Whoever never saw a key finds it in the list, and ends it.
      expect((await person.surely(() => person.call('DELETE', '/auth/api-keys'))).status).toBe(200);
      expect(await works(second.key)).toBe(false);
    },
  };
}
