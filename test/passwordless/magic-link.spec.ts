import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { Accounts } from '../../lib/index.js';
import { PASSWORD } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { copyOf, expectCode, MINUTE_MS, shapeOf, STANDS, startPostOffice, tally, type PostOffice } from './kit.js';

const WRONG = 'a wrong password altogether';
const NEVER = `${'x'.repeat(22)}.${'y'.repeat(43)}`;

describe.each(STANDS)('signing in by a mailed link ($adapter, $database, $store)', (stack) => {
  let office: PostOffice;

  beforeAll(async () => {
    office = await startPostOffice(stack);
  });
  afterAll(() => office.close());

  const ask = (browser: Client, email: string): Promise<Answer> => browser.post('/auth/magic-link/request', { email });
  const present = (browser: Client, token: string, more: object = {}): Promise<Answer> =>
    browser.post('/auth/magic-link', { token, ...more });

  const mailed = async (type: 'sign_in.failed') =>
    (await office.audit(type)).filter(({ details }) => details['method'] === 'email');

  async function link(email: string, browser = office.client()): Promise<string> {
    expect((await ask(browser, email)).status).toBe(202);
    return (await office.mail(email, 'magic-link')).token!;
  }

  it('signs in once, in the browser that asked and in another, with and without a password', async () => {
    for (const password of [PASSWORD, undefined]) {
      const { id, email } = await office.person({ password });
      const browser = office.client();
      const token = await link(email, browser);
      expect((await browser.post('/auth/magic-link/preview', { token })).body).toEqual({ email, sameBrowser: true });
      expect((await office.client().post('/auth/magic-link/preview', { token })).body).toEqual({
        email,
        sameBrowser: false,
      });
      const answer = await present(browser, token, { rememberMe: true });
      expect(answer.body).toMatchObject({ status: 'signed_in', user: { id, email, emailVerified: true } });
      expect(answer.setCookies.some((line) => /auth_session=.*Max-Age=2592000/.test(line))).toBe(true);
      expect((await browser.get('/auth/session')).body).toMatchObject({ methods: ['email'] });
      expectCode(await present(office.client(), token), 400, 'INVALID_TOKEN');
      expectCode(await browser.post('/auth/magic-link/preview', { token }), 400, 'INVALID_TOKEN');
    }
    const { email } = await office.person();
    const tokens = await present(office.client(), await link(email), { deliver: 'tokens' });
    expect(tokens.setCookies.filter((line) => line.includes('auth_session'))).toEqual([]);
    const authorization = `Bearer ${tokens.body.access_token}`;
    expect((await office.client().get('/auth/me', { headers: { authorization } })).body.email).toBe(email);
  });

  it('begins one session of 30 tries at once', async () => {
    const { email } = await office.person();
    const token = await link(email);
    const answers = await Promise.all(Array.from({ length: 30 }, () => present(office.client(), token)));
    expect(tally(answers)).toEqual({ ok: 1, INVALID_TOKEN: 29 });
    const [winner] = answers.filter(({ status }) => status === 200);
    const sessions = await office.client().get('/auth/sessions', { headers: { cookie: cookieOf(winner!) } });
    expect(sessions.body.items).toHaveLength(1);
  });

  it('is open while wrong passwords have locked the account', async () => {
    const { email } = await office.person();
    for (let index = 0; index < 5; index += 1) await office.client().signIn(email, WRONG);
    expectCode(await office.client().signIn(email), 429, 'TOO_MANY_ATTEMPTS');
    expect((await present(office.client(), await link(email))).status).toBe(200);
  });

  it('answers every request alike, and mails to enabled accounts alone', async () => {
    const known = await office.person();
    const passwordless = await office.person({ password: undefined });
    const disabled = await office.person();
    await office.get(Accounts).disable(disabled.id);
    const addresses = [known.email, passwordless.email, disabled.email, 'nobody@example.com', ` ${known.email} `];
    const answers: object[] = [];
    for (const email of addresses) answers.push(shapeOf(await ask(office.client(), email)));
    expect(answers[0]).toMatchObject({ status: 202, said: '{"status":"accepted"}' });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    await office.deliver();
    const got = (to: string) => office.mailbox.all(to).filter(({ kind }) => kind === 'magic-link').length;
    expect([known, passwordless, disabled, { email: 'nobody@example.com' }].map(({ email }) => got(email))).toEqual([
      2, 1, 0, 0,
    ]);
    expectCode(await ask(office.client(), 'no address'), 400, 'VALIDATION_FAILED');
  });

  it('refuses with the same bytes what is used, late, superseded, of another purpose, and of a changed account', async () => {
    const { id, email } = await office.person();
    const before = (await mailed('sign_in.failed')).length;
    const used = await link(email);
    await present(office.client(), used);
    const superseded = await link(email);
    const fresh = await link(email);
    await office.client().post('/auth/password/forgot', { email });
    const reset = (await office.mail(email, 'reset-password')).token!;
    const refused = [used, superseded, reset, NEVER, `${fresh}x`, fresh.slice(1), 'x', ''];
    const answers: Answer[] = [];
    for (const token of refused) answers.push(await present(office.client(), token));
    await office.get(Accounts).disable(id);
    answers.push(await present(office.client(), fresh));
    await office.get(Accounts).enable(id);
    // Disabling has ended it for good.
    answers.push(await present(office.client(), fresh));
    const late = await link(email);
    office.clock.advance(10 * MINUTE_MS);
    answers.push(await present(office.client(), late));
    expectCode(answers[0]!, 400, 'INVALID_TOKEN');
    for (const answer of answers) expect(shapeOf(answer)).toEqual(shapeOf(answers[0]!));
    const rows = await mailed('sign_in.failed');
    expect(rows.length - before).toBe(answers.length);
    // A token that names a row still: one row is kept for each account.
    expect(rows.filter(({ subjectId }) => subjectId === id)).toHaveLength(3);
  });

  it('works until the last of its ten minutes', async () => {
    const { email } = await office.person();
    const token = await link(email);
    office.clock.advance(10 * MINUTE_MS - 1);
    expect((await present(office.client(), token)).status).toBe(200);
  });

  it('is left as it was by a veto and by a hook that fails', async () => {
    const { email } = await office.person();
    const token = await link(email);
    office.hooks.answer = () => false;
    expectCode(await present(office.client(), token), 403, 'SIGN_IN_REFUSED');
    office.hooks.answer = () => {
      throw new Error('the hook is broken');
    };
    expect((await present(office.client(), token)).status).toBe(500);
    office.hooks.answer = () => true;
    expect((await present(office.client(), token)).status).toBe(200);
    expect(office.hooks.asked.at(-1)?.method).toBe('email');
  });

  it('is refused, with one row, when the account changes after it was looked at', async () => {
    for (const emailVerified of [true, false]) {
      const email = `changing-${emailVerified}@example.com`;
      const user = await office.get(Accounts).create({ email, emailVerified, password: PASSWORD });
      const token = await link(email);
      office.hooks.answer = async () => {
        await office.get(Accounts).disable(user!.id);
        return true;
      };
      const answer = await present(office.client(), token);
      office.hooks.answer = () => true;
      expectCode(answer, 400, 'INVALID_TOKEN');
      expect((await mailed('sign_in.failed')).filter(({ subjectId }) => subjectId === user!.id)).toHaveLength(1);
    }
  });

  it('proves the address, and ends what was set before anybody had', async () => {
    const once = 'once@example.com';
    await office.client().register(once);
    expectCode(await office.client().signIn(once), 401, 'INVALID_CREDENTIALS');
    const proven = await present(office.client(), await link(once));
    expect(proven.body).toMatchObject({ user: { email: once, emailVerified: true } });
    // Whoever registered it may not be who reads its mail.
    expectCode(await office.client().signIn(once), 401, 'INVALID_CREDENTIALS');

    const disputed = 'disputed@example.com';
    await office.client().register(disputed, 'a password of the first one');
    await office.client().register(disputed, 'a password of the second');
    const owner = office.client();
    expect((await present(owner, await link(disputed))).body.user.emailVerified).toBe(true);
    expect((await owner.get('/auth/me')).status).toBe(200);
    for (const password of ['a password of the first one', 'a password of the second']) {
      expectCode(await office.client().signIn(disputed, password), 401, 'INVALID_CREDENTIALS');
    }
    const rows = await office.audit('email.verified');
    expect(rows.map(({ details }) => details['contested']).sort()).toEqual([false, true]);
  });

  it('leaves the password of who opens the link of the registration at this very moment', async () => {
    const email = 'racing@example.com';
    await office.client().register(email);
    const confirmation = (await office.mail(email, 'verify-email')).token!;
    const token = await link(email);
    office.hooks.answer = async () => {
      office.hooks.answer = () => true;
      return (await office.client().post('/auth/email/verify', { token: confirmation })).status === 204;
    };
    expect((await present(office.client(), token)).status).toBe(200);
    expect((await office.client().signIn(email)).status).toBe(200);
  });

  it('is asked for and presented by pages of the application alone', async () => {
    const { email } = await office.person();
    const headers = { origin: 'https://evil.example' };
    const asked = await office.client().post('/auth/magic-link/request', { email }, { headers });
    expectCode(asked, 403, 'CSRF_FAILED');
    expect(asked.setCookies).toEqual([]);
    const token = await link(email);
    expectCode(await office.client().post('/auth/magic-link', { token }, { headers }), 403, 'CSRF_FAILED');
    const planted = office.client();
    for (const value of ['', 'x', 'x'.repeat(22)]) {
      planted.cookies.set('auth_request', value);
      expect((await planted.post('/auth/magic-link/preview', { token })).body.sameBrowser).toBe(false);
    }
  });

  it('knows the browser in two tabs of it', async () => {
    const [one, other] = [await office.person(), await office.person()];
    const browser = office.client();
    const [first, second] = [await link(one.email, browser), await link(other.email, browser)];
    for (const token of [first, second]) {
      expect((await browser.post('/auth/magic-link/preview', { token })).body.sameBrowser).toBe(true);
    }
    expect((await present(browser, first)).status).toBe(200);
    expect((await browser.post('/auth/magic-link/preview', { token: second })).body.sameBrowser).toBe(true);
    const events = (await office.dataSource.getRepository(AuditRow).find()).length;
    await browser.post('/auth/magic-link/preview', { token: first });
    expect(await office.dataSource.getRepository(AuditRow).count()).toBe(events);
  });

  it('replaces the session of the browser', async () => {
    const [one, other] = [await office.person(), await office.person()];
    const browser = office.client();
    await browser.signIn(one.email);
    const before = copyOf(office, browser);
    expect((await present(browser, await link(other.email, browser))).body.user.email).toBe(other.email);
    expect((await before.get('/auth/me')).status).toBe(401);
  });
});

function cookieOf({ setCookies }: Answer): string {
  return setCookies.map((line) => line.split(';')[0]).join('; ');
}
