import { Controller, Get } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../lib/common/principal.js';
import { PresenceProofs } from '../../lib/features/reauthentication/presence-proofs.service.js';
import { Auth } from '../../lib/index.js';
import { MailedCodes } from '../../lib/mailed-codes/mailed-codes.service.js';
import { MailAccounts } from '../../lib/users/mail-accounts.service.js';
import {
  copyOf,
  expectCode,
  MINUTE_MS,
  notThe,
  STANDS,
  startPostOffice,
  tally,
  type PostOffice,
} from '../passwordless/kit.js';
import { PASSWORD } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';

const WRONG = 'a wrong password altogether';

@Controller('vault')
class VaultController {
  @Get()
  @Auth({ fresh: true })
  open(): object {
    return { open: true };
  }
}

describe.each(STANDS)('proving the identity once more ($adapter, $database, $store)', (stack) => {
  let office: PostOffice;

  beforeAll(async () => {
    office = await startPostOffice({ ...stack, controllers: [VaultController] });
  });
  afterAll(() => office.close());

  const reauthenticate = (browser: Client, body: object, headers = {}): Promise<Answer> =>
    browser.post('/auth/reauthenticate', body, { headers });
  const stale = (): void => office.clock.advance(5 * MINUTE_MS);

  async function signedIn({ password }: { readonly password?: string | undefined } = { password: PASSWORD }) {
    const { id, email } = await office.person({ password });
    const browser = office.client();
    if (password === undefined) {
      await browser.post('/auth/magic-link/request', { email });
      const { token } = await office.mail(email, 'magic-link');
      await browser.post('/auth/magic-link', { token });
    } else {
      await browser.signIn(email, password);
    }
    return { id, email, browser };
  }

  async function code(browser: Client, email: string, headers = {}) {
    const asked = await browser.post('/auth/reauthenticate/email-code', {}, { headers });
    expect(asked.status).toBe(202);
    return { challenge: asked.body.challenge as string, emailCode: (await office.mail(email, 'confirm-code')).code! };
  }

  it('renews a cookie session by the password, and the id from before is refused', async () => {
    const { id, browser } = await signedIn();
    expect((await browser.get('/vault')).status).toBe(200);
    stale();
    const refused = await browser.get('/vault');
    expect(refused.body).toMatchObject({
      code: 'REAUTHENTICATION_REQUIRED',
      details: { methods: ['password', 'emailCode'] },
    });
    const [before] = (await browser.get('/auth/sessions')).body.items;
    const old = copyOf(office, browser);
    const answer = await reauthenticate(browser, { password: PASSWORD });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body)).toEqual(['status', 'user', 'csrfToken']);
    expect(answer.body.csrfToken).toBe(old.csrfToken);
    expect((await browser.get('/vault')).status).toBe(200);
    expectCode(await old.get('/auth/me'), 401, 'NOT_AUTHENTICATED');
    const { items } = (await browser.get('/auth/sessions')).body;
    expect(items).toHaveLength(1);
    expect(items[0].id).not.toBe(before.id);
    expect(items[0].expiresAt).toBe(before.expiresAt);
    stale();
    expectCode(await browser.get('/vault'), 403, 'REAUTHENTICATION_REQUIRED');
    const rows = (await office.audit('reauthentication.succeeded')).filter(({ subjectId }) => subjectId === id);
    expect(rows).toMatchObject([{ sessionId: items[0].id, details: { proof: 'password', before: before.id } }]);
  });

  it('renews a family of tokens by new tokens, and the old ones are refused', async () => {
    const { email } = await office.person();
    const old = (await office.client().signIn(email, PASSWORD, { deliver: 'tokens' })).body;
    const bearer = ({ access_token }: { access_token: string }) => ({ authorization: `Bearer ${access_token}` });
    stale();
    const refused = await office.client().get('/vault', { headers: bearer(old) });
    expectCode(refused, 403, 'REAUTHENTICATION_REQUIRED');
    expect(refused.body.details).toEqual({ methods: ['password', 'emailCode'] });
    const answer = await reauthenticate(office.client(), { password: PASSWORD }, bearer(old));
    expect(answer.body).toMatchObject({ status: 'signed_in', token_type: 'Bearer', user: { email } });
    expect(answer.setCookies.filter((line) => line.includes('auth_session'))).toEqual([]);
    expect((await office.client().get('/vault', { headers: bearer(answer.body) })).status).toBe(200);
    expectCode(await office.client().get('/auth/me', { headers: bearer(old) }), 401, 'INVALID_ACCESS_TOKEN');
    const refresh = (refresh_token: string) => office.client().post('/auth/token/refresh', { refresh_token });
    expectCode(await refresh(old.refresh_token), 401, 'INVALID_REFRESH_TOKEN');
    expect((await refresh(answer.body.refresh_token)).status).toBe(200);
  });

  it('takes a mailed code, of an account without a password too, and tells what an account has', async () => {
    const { email, browser } = await signedIn({ password: undefined });
    stale();
    expect((await browser.get('/vault')).body.details).toEqual({ methods: ['emailCode'] });
    expectCode(await reauthenticate(browser, { password: PASSWORD }), 401, 'INVALID_CREDENTIALS');
    const proof = await code(browser, email);
    const old = copyOf(office, browser);
    expect((await reauthenticate(browser, proof)).status).toBe(200);
    expect((await browser.get('/vault')).status).toBe(200);
    expect((await browser.get('/auth/session')).body.methods).toEqual(['email']);
    expectCode(await reauthenticate(old, proof), 401, 'NOT_AUTHENTICATED');
    expectCode(await reauthenticate(browser, proof), 401, 'CHALLENGE_EXPIRED');
  });

  it('takes a code once, whatever has become of the session', async () => {
    const { id, email, browser } = await signedIn();
    const proof = await code(browser, email);
    const [session] = (await browser.get('/auth/sessions')).body.items;
    const kind = office.get(PresenceProofs).all.find((each) => each.kind === 'emailCode')!;
    const account = (await office.get(MailAccounts).find(id))!;
    const who = { userId: id, sessionId: session.id } as Principal;
    const client = { address: '127.0.0.1', userAgent: 'spec' };
    const check = () =>
      kind.check({ fields: proof, who, account, client, locale: 'en', gone: new AbortController().signal });
    expect(await check()).toEqual({ method: 'email' });
    expect(await check()).toEqual({ refusal: 'CHALLENGE_EXPIRED', reason: 'challenge' });
    // The session has not been renewed, and the code is used up all the same.
    expectCode(await reauthenticate(browser, proof), 401, 'CHALLENGE_EXPIRED');
  });

  it('takes no code that was not mailed, though its challenge was sealed by the secret', async () => {
    const { id, email, browser } = await signedIn();
    const [session] = (await browser.get('/auth/sessions')).body.items;
    const codes = office.get(MailedCodes);
    const account = (await office.get(MailAccounts).find(id))!;
    const forged = codes.begin('reauthentication', { userId: id, sessionId: session.id });
    const emailCode = codes.codeFor('reauthentication', forged.reference, account, '')!;
    expectCode(await reauthenticate(browser, { challenge: forged.challenge, emailCode }), 400, 'INVALID_CODE');
    expect((await reauthenticate(browser, await code(browser, email))).status).toBe(200);
  });

  it('records a challenge of another session once, and counts it for nothing', async () => {
    const { id, email, browser } = await signedIn();
    const second = office.client();
    await second.signIn(email);
    const proofs = [await code(browser, email), await code(browser, email), await code(browser, email)];
    for (const proof of [...proofs, ...proofs]) {
      expectCode(await reauthenticate(second, proof), 401, 'CHALLENGE_EXPIRED');
      expectCode(await reauthenticate(second, { ...proof, challenge: 'x' }), 401, 'CHALLENGE_EXPIRED');
    }
    const rows = (await office.audit('reauthentication.failed')).filter(({ subjectId }) => subjectId === id);
    const row = { outcome: 'failure', details: { proof: 'emailCode', reason: 'challenge' } };
    expect(rows).toMatchObject(proofs.map(() => row));
    expect((await reauthenticate(browser, proofs[0]!)).status).toBe(200);
  });

  it('binds a mailed code to its user and its session', async () => {
    const [one, other] = [await signedIn(), await signedIn()];
    const second = office.client();
    await second.signIn(one.email);
    const proof = await code(one.browser, one.email);
    for (const browser of [other.browser, second]) {
      expectCode(await reauthenticate(browser, proof), 401, 'CHALLENGE_EXPIRED');
    }
    const wrong = { ...proof, emailCode: notThe(proof.emailCode) };
    expectCode(await reauthenticate(one.browser, wrong), 400, 'INVALID_CODE');
    const later = await code(one.browser, one.email);
    expectCode(await reauthenticate(one.browser, { ...later, emailCode: proof.emailCode }), 400, 'INVALID_CODE');
    office.clock.advance(10 * MINUTE_MS);
    expectCode(await reauthenticate(one.browser, later), 401, 'CHALLENGE_EXPIRED');
  });

  it('renews once of 30 tries at once, by password and by code', async () => {
    for (const kind of ['password', 'emailCode'] as const) {
      const { email, browser } = await signedIn();
      const proof = kind === 'password' ? { password: PASSWORD } : await code(browser, email);
      const answers = await Promise.all(
        Array.from({ length: 30 }, () => reauthenticate(copyOf(office, browser), proof)),
      );
      expect(tally(answers)['ok'], kind).toBe(1);
      const [winner] = answers.filter(({ status }) => status === 200);
      const cookie = winner!.setCookies.map((line) => line.split(';')[0]).join('; ');
      const sessions = await office.client().get('/auth/sessions', { headers: { cookie } });
      expect(sessions.body.items).toHaveLength(1);
    }
  });

  it('is locked by three wrong proofs of any kind, for itself alone', async () => {
    const { id, email, browser } = await signedIn();
    const proof = await code(browser, email);
    expectCode(await reauthenticate(browser, { password: WRONG }), 401, 'INVALID_CREDENTIALS');
    expectCode(await reauthenticate(browser, { password: WRONG }), 401, 'INVALID_CREDENTIALS');
    const third = { ...proof, emailCode: notThe(proof.emailCode) };
    expectCode(await reauthenticate(browser, third), 400, 'INVALID_CODE');
    const locked = await reauthenticate(browser, { password: PASSWORD });
    expectCode(locked, 429, 'TOO_MANY_ATTEMPTS');
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(14 * 60);
    expectCode(await reauthenticate(browser, proof), 429, 'TOO_MANY_ATTEMPTS');
    const change = { currentPassword: PASSWORD, password: 'another horse battery' };
    expectCode(await browser.post('/auth/password/change', change), 429, 'TOO_MANY_ATTEMPTS');
    expect((await browser.get('/auth/me')).status).toBe(200);
    expect((await office.client().signIn(email)).status).toBe(200);
    const of = async (type: 'reauthentication.failed' | 'reauthentication.locked') =>
      (await office.audit(type)).filter(({ subjectId }) => subjectId === id).length;
    expect([await of('reauthentication.failed'), await of('reauthentication.locked')]).toEqual([3, 1]);
    if (stack.store === 'redis') return;
    office.clock.advance(15 * MINUTE_MS);
    expect((await reauthenticate(browser, { password: PASSWORD })).status).toBe(200);
  });

  it('goes on while wrong passwords of strangers have locked sign-in, and forgets its own with success', async () => {
    const { email, browser } = await signedIn();
    for (let index = 0; index < 5; index += 1) await office.client().signIn(email, WRONG);
    expectCode(await office.client().signIn(email), 429, 'TOO_MANY_ATTEMPTS');
    for (let round = 0; round < 2; round += 1) {
      await reauthenticate(browser, { password: WRONG });
      await reauthenticate(browser, { password: WRONG });
      expect((await reauthenticate(browser, { password: PASSWORD })).status).toBe(200);
    }
  });

  it('takes exactly one proof, whole, from somebody who is signed in', async () => {
    const { browser } = await signedIn();
    const problems = async (body: unknown): Promise<string[]> => {
      const answer = await browser.post('/auth/reauthenticate', body);
      expectCode(answer, 400, 'VALIDATION_FAILED');
      return answer.body.details.map(({ field, rule }: { field: string; rule: string }) => `${field} ${rule}`);
    };
    expect(await problems({})).toEqual([' exactlyOne']);
    expect(await problems([])).toEqual([' exactlyOne']);
    expect(await problems({ challenge: 'x' })).toEqual([' exactlyOne']);
    expect(await problems({ password: 'x', emailCode: 'y', challenge: 'z' })).toEqual([' exactlyOne']);
    expect(await problems({ admin: true })).toEqual(['admin unknown', ' exactlyOne']);
    expect(await problems({ emailCode: '1' })).toEqual(['challenge required']);
    expect(await problems({ password: 'x', challenge: 'z' })).toEqual(['challenge unknown']);
    expect(await problems({ password: 1 })).toEqual(['password type']);
    // Fastify refuses such a body by itself.
    const polluted = '{"__proto__":{"password":"x"}}';
    const headers = { 'content-type': 'application/json' };
    expect((await browser.call('POST', '/auth/reauthenticate', { raw: polluted, headers })).status).toBe(400);
    expectCode(await office.client().post('/auth/reauthenticate', { password: PASSWORD }), 401, 'NOT_AUTHENTICATED');
    expectCode(await browser.post('/auth/reauthenticate', { password: PASSWORD }, { csrf: false }), 403, 'CSRF_FAILED');
    expectCode(await browser.post('/auth/reauthenticate/email-code', { email: 'x' }), 400, 'VALIDATION_FAILED');
  });
});
