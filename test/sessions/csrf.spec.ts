import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, PASSWORD, startApp, type TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { newPerson, signedIn, WhoController } from './kit.js';

const HTTPS = 'https://api.example.com';

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

  const post = (headers: Record<string, string>): Promise<Answer> =>
    browser.post('/notes', {}, { csrf: false, headers });
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
    const foreign: Record<string, string>[] = [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }];
    for (const headers of foreign) {
      for (const path of ['/auth/login', '/auth/register']) {
        const body = { email: 'login-csrf@example.com', password: PASSWORD };
        const answer = await app.client().post(path, body, { headers });
        await expectForged(answer);
        expect(answer.setCookies).toEqual([]);
      }
    }
  });
});
