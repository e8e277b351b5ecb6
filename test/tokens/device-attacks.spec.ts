import { afterEach, describe, expect, it } from 'vitest';
import { newPerson, signedIn, type Person } from '../sessions/kit.js';
import { ADAPTERS, PASSWORD, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { askToken, problemOf, startTokens } from './kit.js';

let app: TestApp;
afterEach(() => app.close());

const FORM = 'application/x-www-form-urlencoded';
const WRONG = 'a wrong one altogether';
const LOCKED = '429 temporarily_unavailable TOO_MANY_ATTEMPTS';

/** What browsers say of a form on another site; `SameSite=Lax` keeps the cookies themselves back. */
const CROSS_SITE: readonly Record<string, string>[] = [
  { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
  { 'sec-fetch-site': 'same-site' },
];

const OWN_PAGE: readonly Record<string, string>[] = [
  {},
  { origin: 'http://127.0.0.1:3000' },
  { 'sec-fetch-site': 'same-origin' },
];

const grant = ({ email }: Person, password = PASSWORD): Record<string, string> => ({
  grant_type: 'password',
  username: email,
  password,
});

/** Whose accounts a device cookie or token lists. */
function listed(value: string): string[] {
  const entries = JSON.parse(Buffer.from(value.split('.')[0]!, 'base64url').toString('utf8')) as string[][];
  return entries.map(([userId]) => userId!);
}

describe.each(ADAPTERS)('the device that is known to an account, on %s', (adapter) => {
  const submit = (headers: Record<string, string>, parameters: Record<string, string>): Promise<Answer> =>
    app.client().call('POST', '/auth/token', {
      raw: new URLSearchParams(parameters).toString(),
      headers: { 'content-type': FORM, ...headers },
    });

  const cookieNames = ({ setCookies }: Answer): (string | undefined)[] => setCookies.map((line) => line.split('=')[0]);

  it('is not replaced by a form on another site', async () => {
    app = await startTokens({ adapter, auth: { rateLimits: { multiplier: 1_000 } } });
    const evil = await newPerson(app);
    for (const headers of CROSS_SITE) {
      const answer = await submit(headers, grant(evil));
      expect([headers, answer.status, cookieNames(answer)]).toEqual([headers, 200, []]);
      const login = { email: evil.email, password: PASSWORD, deliver: 'tokens' };
      expect(cookieNames(await app.client().post('/auth/login', login, { headers }))).toEqual([]);
    }
    for (const headers of OWN_PAGE) {
      const answer = await submit(headers, grant(evil));
      expect([headers, cookieNames(answer)]).toEqual([headers, ['auth_device']]);
    }
  });

  it('stays known, so that its owner gets past the lock of a stranger after such a form', async () => {
    app = await startTokens({ adapter, auth: { rateLimits: { multiplier: 1_000 } } });
    const [victim, evil] = [await newPerson(app), await newPerson(app)];
    const browser = await signedIn(app, victim);
    const { setCookies } = await submit(CROSS_SITE[0]!, grant(evil));
    // The browser obeys whatever it was told.
    for (const line of setCookies) browser.cookies.set('auth_device', line.split(';')[0]!.slice('auth_device='.length));
    for (let times = 0; times < 6; times += 1) await app.client().signIn(victim.email, WRONG);
    expect((await app.client().signIn(victim.email)).status).toBe(429);
    expect((await browser.signIn(victim.email)).status).toBe(200);
  });

  it('is not told to a page by the body: device_token lists what the body presented alone', async () => {
    app = await startTokens({ adapter, auth: { rateLimits: { multiplier: 1_000 } } });
    const [victim, evil, third] = [await newPerson(app), await newPerson(app), await newPerson(app)];
    const browser = await signedIn(app, victim);
    const { body, setCookies } = await browser.post('/auth/token', grant(evil));
    expect(listed(body.device_token)).toEqual([evil.userId]);
    // The cookie itself goes on to know both.
    expect(listed(setCookies[0]!.slice('auth_device='.length)).sort()).toEqual([victim.userId, evil.userId].sort());
    const login = { email: third.email, password: PASSWORD, deliver: 'tokens', deviceToken: body.device_token };
    const more = await browser.post('/auth/login', login);
    expect(listed(more.body.device_token).sort()).toEqual([evil.userId, third.userId].sort());

    // What was had so opens no lock, and lets nobody guess on.
    for (let times = 0; times < 6; times += 1) await app.client().signIn(victim.email, WRONG);
    for (const password of [WRONG, PASSWORD]) {
      const guess = { ...grant(victim, password), device_token: body.device_token };
      expect(problemOf(await askToken(app, guess))).toBe(LOCKED);
    }
  });
});
