import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS, PASSWORD, startApp, type AppSetup, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { newPerson, signedIn, WhoController } from './kit.js';

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
  return line?.split('; ').slice(1).sort();
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
