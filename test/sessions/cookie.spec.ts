import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { StateStore } from '../../lib/index.js';
import { Keyring } from '../../lib/keys/keyring.js';
import type { AuthSettings } from '../../lib/options/auth-settings.js';
import { SessionCookie } from '../../lib/sessions/session-cookie.js';
import { ADAPTERS, PASSWORD, SECRET, startApp, type AppSetup, type TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { newPerson, RelayStore, signedIn, startStaged, WhoController, type Person } from './kit.js';

const running: TestApp[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

async function start(setup: AppSetup): Promise<TestApp> {
  const app = await startApp({ controllers: [WhoController], ...setup });
  running.push(app);
  return app;
}

/** The attributes of one `Set-Cookie` line, sorted, without name and value. */
function attributesOf({ setCookies }: Answer, name: string): string[] | undefined {
  const line = setCookies.find((cookie) => cookie.startsWith(`${name}=`));
  return line
    ?.split('; ')
    .slice(1)
    .sort();
}

const HTTPS = 'https://api.example.com';
const ON_HTTP = ['HttpOnly', 'Path=/', 'SameSite=Lax'];
const ON_HTTPS = ['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure'];

describe.each(ADAPTERS)('the cookies of a session on %s', (adapter) => {
  async function cookiesWith(auth: AppSetup['auth'], more: object = {}): Promise<{ set: Answer; cleared: Answer }> {
    const app = await start({ adapter, auth: auth! });
    const { email } = await newPerson(app);
    const browser = app.client();
    const set = await browser.signIn(email, PASSWORD, more);
    expect(set.status).toBe(200);
    expect((await browser.get('/whoami')).status).toBe(200);
    const cleared = await browser.post('/auth/logout');
    expect(cleared.status).toBe(204);
    expect((await browser.get('/whoami')).status).toBe(401);
    return { set, cleared };
  }

  const gone = (attributes: readonly string[]): string[] => ['Max-Age=0', ...attributes].sort();

  it('live as long as the browser, and are cleared with the attributes they were set with (http)', async () => {
    const { set, cleared } = await cookiesWith({});
    expect(attributesOf(set, 'auth_session')).toEqual(ON_HTTP);
    expect(attributesOf(set, 'auth_device')).toEqual(['Max-Age=34560000', ...ON_HTTP].sort());
    expect(attributesOf(cleared, 'auth_session')).toEqual(gone(ON_HTTP));
    expect(cleared.setCookies).toHaveLength(1);
  });

  it('are Secure and bound to the host on https', async () => {
    const { set, cleared } = await cookiesWith({ baseUrl: HTTPS });
    expect(attributesOf(set, '__Host-auth_session')).toEqual(ON_HTTPS);
    expect(attributesOf(set, '__Host-auth_device')).toEqual(['Max-Age=34560000', ...ON_HTTPS].sort());
    expect(attributesOf(cleared, '__Host-auth_session')).toEqual(gone(ON_HTTPS));
    expect(set.setCookies.every((line) => line.startsWith('__Host-'))).toBe(true);
  });

  it('outlive the browser when asked to', async () => {
    const { set, cleared } = await cookiesWith({ baseUrl: HTTPS }, { rememberMe: true });
    expect(attributesOf(set, '__Host-auth_session')).toEqual(['Max-Age=2592000', ...ON_HTTPS].sort());
    expect(attributesOf(cleared, '__Host-auth_session')).toEqual(gone(ON_HTTPS));
  });

  it('shared with subdomains have no prefix, and are cleared there', async () => {
    const { set, cleared } = await cookiesWith({ baseUrl: HTTPS, cookies: { domain: 'example.com' } });
    const shared = ['Domain=example.com', ...ON_HTTPS].sort();
    expect(attributesOf(set, 'auth_session')).toEqual(shared);
    expect(attributesOf(cleared, 'auth_session')).toEqual(gone(shared));
    expect(set.setCookies.some((line) => line.startsWith('__Host-'))).toBe(false);
  });

  it('can be SameSite=Strict', async () => {
    const { set, cleared } = await cookiesWith({ baseUrl: HTTPS, cookies: { sameSite: 'strict' } });
    const strict = ['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure'];
    expect(attributesOf(set, '__Host-auth_session')).toEqual(strict);
    expect(attributesOf(cleared, '__Host-auth_session')).toEqual(gone(strict));
  });

  it('include a readable one with the CSRF token when asked to', async () => {
    const { set, cleared } = await cookiesWith({ baseUrl: HTTPS, cookies: { xsrfCookie: true } });
    const readable = ['Path=/', 'SameSite=Lax', 'Secure'];
    expect(attributesOf(set, 'XSRF-TOKEN')).toEqual(readable);
    expect(set.setCookies.find((line) => line.startsWith('XSRF-TOKEN='))).toContain(`=${set.body.csrfToken};`);
    expect(attributesOf(cleared, 'XSRF-TOKEN')).toEqual(gone(readable));
    expect(attributesOf(cleared, '__Host-auth_session')).toEqual(gone(ON_HTTPS));
  });

  it('are cleared by a sign-out that comes too late, or twice', async () => {
    const app = await start({ adapter });
    const browser = await signedIn(app, await newPerson(app));
    const copy = { cookie: browser.cookieHeader() };
    expect((await browser.post('/auth/logout')).status).toBe(204);
    for (const headers of [copy, {}, { cookie: 'auth_session=forged' }]) {
      const late = await app.client().post('/auth/logout', undefined, { headers });
      expect(late.status).toBe(204);
      expect(attributesOf(late, 'auth_session')).toEqual(gone(ON_HTTP));
    }
  });
});

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

  const ask = (value: string): Promise<Answer> => app.client().get('/whoami', { headers: { cookie: `auth_session=${value}` } });

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
    const foreign = new Keyring({ secret: `${SECRET}x`, secrets: {} } as unknown as AuthSettings);
    const own = new Keyring({ secret: SECRET, secrets: {} } as unknown as AuthSettings);
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

describe.each(ADAPTERS)('a request with a session cookie, on %s', (adapter) => {
  let app: TestApp;
  let browser: Client;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [WhoController],
      auth: { baseUrl: HTTPS, origins: ['https://app.example.com'], trustedProxyHops: 0 },
    });
    browser = await signedIn(app, await newPerson(app));
  });
  afterAll(() => app.close());

  const post = (headers: Record<string, string>): Promise<Answer> => browser.post('/notes', {}, { csrf: false, headers });
  const withToken = (headers: Record<string, string> = {}): Promise<Answer> =>
    post({ 'x-csrf-token': browser.csrfToken!, ...headers });

  async function expectForged(answer: Answer): Promise<void> {
    expect(answer.status).toBe(403);
    expect(answer.body.code).toBe('CSRF_FAILED');
  }

  it('needs its CSRF token to change something, in either header, and not to read', async () => {
    await expectForged(await post({}));
    expect((await withToken()).status).toBe(201);
    expect((await post({ 'x-xsrf-token': browser.csrfToken! })).status).toBe(201);
    expect((await browser.get('/whoami', { headers: { origin: 'https://evil.example' } })).status).toBe(200);
    for (const path of ['/auth/logout']) await expectForged(await browser.post(path, undefined, { csrf: false }));
    await expectForged(await browser.delete('/auth/sessions', { csrf: false }));
  });

  it('is refused with a token that is not its own, and never answered 500', async () => {
    const other = await signedIn(app, await newPerson(app));
    const own = browser.csrfToken!;
    const tokens = [
      other.csrfToken!,
      '',
      'x',
      own.slice(0, -1),
      `${own}A`,
      own.toUpperCase(),
      'ü'.repeat(52),
      `${own.slice(0, -1)}é`,
      `${own}, ${own}`,
      'x'.repeat(5_000),
    ];
    for (const token of tokens) await expectForged(await post({ 'x-csrf-token': token }));
    // A wrong token in the first header is not mended by the second.
    await expectForged(await post({ 'x-csrf-token': 'x', 'x-xsrf-token': own }));
  });

  it('comes from a listed origin or none', async () => {
    for (const origin of [HTTPS, 'https://app.example.com']) expect((await withToken({ origin })).status).toBe(201);
    const foreign = [
      'https://evil.example',
      'null',
      'http://api.example.com',
      'https://api.example.com:8443',
      'https://api.example.com.evil.example',
      'https://sub.app.example.com',
      `${HTTPS}/`,
      `${HTTPS}, https://app.example.com`,
      'HTTPS://API.EXAMPLE.COM',
      'é',
    ];
    for (const origin of foreign) await expectForged(await withToken({ origin }));
  });

  it('is judged by what the browser says of the sender where it names no origin', async () => {
    for (const site of ['same-origin', 'none']) expect((await withToken({ 'sec-fetch-site': site })).status).toBe(201);
    for (const site of ['cross-site', 'same-site', 'é', 'same-origin, none']) {
      await expectForged(await withToken({ 'sec-fetch-site': site }));
    }
    const listed = { origin: 'https://app.example.com', 'sec-fetch-site': 'same-site' };
    expect((await withToken(listed)).status).toBe(201);
  });

  it('is kept from signing in or registering on behalf of another site', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }] as const) {
      for (const path of ['/auth/login', '/auth/register']) {
        const body = { email: 'login-csrf@example.com', password: PASSWORD };
        const answer = await app.client().post(path, body, { headers: headers as Record<string, string> });
        await expectForged(answer);
        expect(answer.setCookies).toEqual([]);
      }
    }
  });
});
