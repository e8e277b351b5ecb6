import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StateStore } from '../../lib/index.js';
import { SystemClock } from '../../lib/common/clock.js';
import { Keyring } from '../../lib/keys/keyring.js';
import type { AuthSettings } from '../../lib/options/auth-settings.js';
import { SessionCookie } from '../../lib/sessions/session-cookie.js';
import { ADAPTERS, SECRET, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { newPerson, signedIn, startStaged, type Person } from './kit.js';
import { RelayStore } from './relay-store.js';

/** Counts what a session cookie makes the store do. */
class CountingStore extends RelayStore {
  lookUps = 0;

  override getMany(keys: readonly string[]): Promise<(string | null)[]> {
    this.lookUps += 1;
    return super.getMany(keys);
  }
}

describe.each(ADAPTERS)('a session cookie that is not ours, on %s', (adapter) => {
  let app: TestApp;
  let store: CountingStore;
  let person: Person;
  let genuine: string;

  beforeAll(async () => {
    app = await startStaged({ adapter }, CountingStore);
    store = app.get(StateStore) as CountingStore;
    person = await newPerson(app);
    genuine = (await signedIn(app, person)).cookies.get('auth_session')!;
    expect((await ask(genuine)).status).toBe(200);
  });
  afterAll(() => app.close());

  const ask = (value: string): Promise<Answer> =>
    app.client().get('/whoami', { headers: { cookie: `auth_session=${value}` } });

  async function expectAbsent(values: readonly string[]): Promise<void> {
    const before = store.lookUps;
    for (const value of values) {
      expect(value).not.toBe(genuine);
      const answer = await ask(value);
      expect(answer.status, value).toBe(401);
      expect(answer.body.code).toBe('NOT_AUTHENTICATED');
      expect(answer.setCookies).toEqual([]);
    }
    expect(store.lookUps).toBe(before);
  }

  it('has one character changed, whichever', async () => {
    await expectAbsent(
      [...genuine].map((char, at) => genuine.slice(0, at) + (char === 'A' ? 'B' : 'A') + genuine.slice(at + 1)),
    );
  });

  it('has the last character of a part in another spelling of the same bytes', async () => {
    const parts = genuine.split('.');
    const respelled = parts.flatMap((part, at) => {
      const bytes = Buffer.from(part, 'base64url');
      return [...ALPHABET]
        .map((last) => part.slice(0, -1) + last)
        .filter((text) => text !== part && Buffer.from(text, 'base64url').equals(bytes))
        .map((text) => parts.with(at, text).join('.'));
    });
    // Four bits of the sid and two of the MAC belong to no byte.
    expect(respelled).toHaveLength(15 + 3);
    await expectAbsent([...respelled, `${genuine}=`, genuine.replaceAll('.', '%2E') + '%3D']);
  });

  it('is cut short, prolonged or put together anew', async () => {
    const [user = '', sid = '', kid = '', mac = ''] = genuine.split('.');
    const second = (await signedIn(app, await newPerson(app))).cookies.get('auth_session')!;
    const [otherUser = '', otherSid = '', , otherMac = ''] = second.split('.');
    await expectAbsent([
      ...Array.from({ length: genuine.length }, (_, length) => genuine.slice(0, length)),
      `${genuine}A`,
      `${genuine}.`,
      `.${genuine}`,
      `${genuine}.${mac}`,
      [otherUser, sid, kid, mac].join('.'),
      [user, otherSid, kid, mac].join('.'),
      [user, sid, kid, otherMac].join('.'),
      [`${user}${sid}`, '', kid, mac].join('.'),
      [user, sid, mac, kid].join('.'),
      [user, sid, 'none', mac].join('.'),
      [user, sid, '__proto__', mac].join('.'),
    ]);
  });

  it('is signed with another secret, or for another purpose', async () => {
    const [user = '', sid = ''] = genuine.split('.');
    const foreign = new Keyring(
      { secret: `${SECRET}x`, secrets: {}, acceptedSecrets: [] } as unknown as AuthSettings,
      new SystemClock(),
    );
    const own = new Keyring(
      { secret: SECRET, secrets: {}, acceptedSecrets: [] } as unknown as AuthSettings,
      new SystemClock(),
    );
    expect(new SessionCookie(own).write({ userId: person.userId, sid })).toBe(genuine);
    const forged = new SessionCookie(foreign).write({ userId: person.userId, sid });
    const [, , foreignKid, foreignMac] = forged.split('.');
    const [, , ownKid] = genuine.split('.');
    await expectAbsent([
      forged,
      [user, sid, ownKid, foreignMac].join('.'),
      [user, sid, foreignKid, genuine.split('.')[3]].join('.'),
      `${user}.${sid}.${own.sign('csrf', `${user}.${sid}`)}`,
    ]);
  });

  it('keeps nobody from signing in, nor from what is open to all', async () => {
    const browser = app.client();
    browser.cookies.set('auth_session', genuine.replace(/.{6}$/, 'forged'));
    expect((await browser.get('/auth/session')).body).toEqual({ user: null });
    expect((await browser.signIn(person.email)).status).toBe(200);
    expect((await browser.get('/whoami')).status).toBe(200);
  });

  it('comes two hundred times and never reaches the store', async () => {
    const forged = Array.from({ length: 200 }, (_, n) => genuine.replace(/.{6}$/, String(n).padStart(6, '0')));
    const before = store.lookUps;
    const answers = await Promise.all(forged.map(ask));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(store.lookUps).toBe(before);
    expect((await ask(genuine)).status).toBe(200);
    expect(store.lookUps).toBe(before + 1);
  });

  it('does not stop a genuine one that is spelt with escapes', async () => {
    expect((await ask(genuine.replaceAll('.', '%2E'))).status).toBe(200);
  });
});

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
