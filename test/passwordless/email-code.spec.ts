import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { Keyring } from '../../lib/keys/keyring.js';
import { CodePlaces } from '../../lib/mailed-codes/code-places.service.js';
import type { CodeReference } from '../../lib/mailed-codes/mailed-code.js';
import { MailedCodes } from '../../lib/mailed-codes/mailed-codes.service.js';
import { MailAccounts } from '../../lib/users/mail-accounts.service.js';
import { PASSWORD } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import {
  copyOf,
  expectCode,
  MINUTE_MS,
  notThe,
  shapeOf,
  STANDS,
  startPostOffice,
  tally,
  type PostOffice,
} from './kit.js';

const NOBODY = 'nobody@example.com';

describe.each(STANDS)('signing in by a mailed code ($adapter, $database, $store)', (stack) => {
  let office: PostOffice;

  beforeAll(async () => {
    // Addresses of clients come from the test, so that none of them shares a budget with another.
    office = await startPostOffice({ ...stack, auth: { trustedProxyHops: 1 } });
  });
  afterAll(() => office.close());

  let addresses = 0;
  const from = (): Record<string, string> => ({
    'x-forwarded-for': `10.0.${(addresses += 1) >> 8}.${addresses & 255}`,
  });
  const request = (browser: Client, email: string, more: object = {}): Promise<Answer> =>
    browser.post('/auth/email-code/request', { email, ...more }, { headers: from() });
  const present = (browser: Client, challenge: string, code: string, more: object = {}): Promise<Answer> =>
    browser.post('/auth/email-code', { challenge, code, ...more }, { headers: from() });

  async function begin(email: string, browser = office.client(), more: object = {}) {
    const { status, body } = await request(browser, email, more);
    expect(status).toBe(202);
    const { code } = await office.mail(email, 'sign-in-code');
    return { browser, challenge: body.challenge as string, code: code! };
  }

  it('signs in once, with and without a password, in cookies and in tokens', async () => {
    for (const password of [PASSWORD, undefined]) {
      const { id, email } = await office.person({ password });
      const { browser, challenge, code } = await begin(email);
      expect(code).toMatch(/^\d{6}$/);
      const answer = await present(browser, challenge, `${code.slice(0, 3)} ${code.slice(3)}`, { rememberMe: true });
      expect(answer.body).toMatchObject({ status: 'signed_in', user: { id, email } });
      expect(answer.setCookies.some((line) => /auth_session=.*Max-Age=2592000/.test(line))).toBe(true);
      expect((await browser.get('/auth/session')).body.methods).toEqual(['email']);
    }
    const { email } = await office.person();
    const { browser, challenge, code } = await begin(email, office.client(), { deliver: 'tokens' });
    expect(browser.cookies.size).toBe(0);
    const tokens = await present(office.client(), challenge, code, { deliver: 'tokens' });
    const authorization = `Bearer ${tokens.body.access_token}`;
    expect((await office.client().get('/auth/me', { headers: { authorization } })).body.email).toBe(email);
  });

  it('begins one session of 30 tries at once, and none of a replay', async () => {
    const { email } = await office.person();
    const { browser, challenge, code } = await begin(email);
    const replay = copyOf(office, browser);
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => present(copyOf(office, replay), challenge, code)),
    );
    const { ok, CHALLENGE_EXPIRED: expired = 0, TOO_MANY_ATTEMPTS: waiting = 0 } = tally(answers);
    expect([ok, expired + waiting]).toEqual([1, 29]);
    expectCode(await present(copyOf(office, replay), challenge, code), 401, 'CHALLENGE_EXPIRED');
    expectCode(await present(copyOf(office, replay), challenge, notThe(code)), 401, 'CHALLENGE_EXPIRED');
    // None of them was called wrong.
    const failed = (await office.audit('sign_in.failed')).filter(({ details }) => details['reason'] !== 'challenge');
    expect(failed).toEqual([]);
  });

  it('is worth nothing to whoever has the secret, mailed or not', async () => {
    const { id, email } = await office.person();
    const [accounts, codes, keyring] = [office.get(MailAccounts), office.get(MailedCodes), office.get(Keyring)];
    const account = (await accounts.find(id))!;
    const facts = { address: email, deliver: 'tokens' };
    // Everything that the secret and the account give, with every salt that one could think of.
    const guesses = (reference: CodeReference): string[] =>
      ['', reference.id, 'undefined'].map((salt) => codes.codeFor('sign-in', reference, account, salt)!);
    const forged = codes.begin('sign-in', facts);
    const asked = await request(office.client(), email, { deliver: 'tokens' });
    const mailed = codes.open('sign-in', asked.body.challenge)!;
    const { code } = await office.mail(email, 'sign-in-code');
    for (const [challenge, reference] of [
      [forged.challenge, forged.reference],
      [asked.body.challenge as string, mailed],
    ] as const) {
      const tried = guesses(reference).slice(0, 2);
      expect(tried).not.toContain(code);
      for (const guess of tried) {
        const answer = await present(office.client(), challenge, guess, { deliver: 'tokens' });
        expectCode(answer, 400, 'INVALID_CODE');
      }
    }
    // Its id in another challenge is no other code, and its place is nobody else's.
    const other = (await accounts.find((await office.person()).id))!;
    const places = office.get(CodePlaces);
    expect(await places.saltOf('sign-in', other.userId, mailed)).toBeUndefined();
    expect(await places.saltOf('reauthentication', id, mailed)).toBeUndefined();
    expect(await places.saltOf('sign-in', undefined, mailed)).toBeUndefined();
    const sealed = keyring.seal(JSON.stringify({ ...mailed, facts }), 'mailed-code.sign-in');
    expect((await present(office.client(), sealed, code!, { deliver: 'tokens' })).status).toBe(200);
  });

  it('answers a forged challenge for nobody as one for somebody, over all tries', async () => {
    const { email } = await office.person();
    const courses: object[][] = [];
    for (const address of [email, 'forged@example.com']) {
      const { challenge } = office.get(MailedCodes).begin('sign-in', { address, deliver: 'tokens' });
      const course: object[] = [];
      for (let attempt = 0; attempt < 7; attempt += 1) {
        course.push(shapeOf(await present(office.client(), challenge, '123456', { deliver: 'tokens' })));
      }
      courses.push(course);
    }
    expect(courses[1]).toEqual(courses[0]);
    expect(courses[0]!.map((answer) => (answer as { status: number }).status)).toEqual([
      400, 400, 400, 400, 400, 401, 401,
    ]);
  });

  it('leaves two tabs of a browser as they are', async () => {
    const { email } = await office.person();
    const browser = office.client();
    const one = await begin(email, browser);
    const value = browser.cookies.get('auth_challenge');
    const other = await begin(email, browser);
    expect(browser.cookies.get('auth_challenge')).toBe(value);
    expect((await present(browser, one.challenge, one.code)).status).toBe(200);
    expect((await present(browser, other.challenge, other.code)).status).toBe(200);
    // What is no value of ours is not kept.
    browser.cookies.set('auth_challenge', 'x');
    await request(browser, email);
    expect(browser.cookies.get('auth_challenge')).toMatch(/^[\w-]{22}$/);
  });

  it('leaves one row of a challenge that is foreign, used, burned or late, and none of what is no challenge', async () => {
    const rowsOf = async (subjectId: string | null) =>
      (await office.audit('sign_in.failed')).filter(
        (row) => row.subjectId === subjectId && row.details['reason'] === 'challenge',
      );
    const foreign = await office.person();
    const held = await begin(foreign.email);
    for (let index = 0; index < 3; index += 1) await present(office.client(), held.challenge, held.code);
    const used = await office.person();
    const spent = await begin(used.email);
    const copy = copyOf(office, spent.browser);
    await present(spent.browser, spent.challenge, spent.code);
    expect(await rowsOf(used.id)).toEqual([]);
    for (let index = 0; index < 3; index += 1) await present(copyOf(office, copy), spent.challenge, spent.code);
    const burned = await office.person();
    const lost = await begin(burned.email);
    for (let index = 0; index < 5; index += 1) await present(lost.browser, lost.challenge, notThe(lost.code));
    expect(await rowsOf(burned.id)).toEqual([]);
    await present(lost.browser, lost.challenge, lost.code);
    for (const { id } of [foreign, used, burned]) {
      expect(await rowsOf(id)).toMatchObject([
        { outcome: 'failure', actorId: null, details: { method: 'email', reason: 'challenge' } },
      ]);
    }
    const late = await office.person();
    const old = await begin(late.email);
    const ofNobody = await request(office.client(), NOBODY);
    const before = (await rowsOf(null)).length;
    office.clock.advance(10 * MINUTE_MS);
    await present(old.browser, old.challenge, old.code);
    expect(await rowsOf(late.id)).toHaveLength(1);
    for (const challenge of [ofNobody.body.challenge, `${old.challenge}x`, 'x', '']) {
      await present(office.client(), challenge, '123456');
    }
    const rows = await rowsOf(null);
    expect(rows).toHaveLength(before + 1);
    expect(rows.every(({ identifier }) => typeof identifier === 'string')).toBe(true);
    const forgotten = await begin((await office.person()).email);
    office.clock.advance(60 * MINUTE_MS);
    const all = (await office.audit('sign_in.failed')).length;
    await present(forgotten.browser, forgotten.challenge, forgotten.code);
    expect(await office.audit('sign_in.failed')).toHaveLength(all);
  });

  it('checks no more than five of 200 guesses at once', async () => {
    const { email } = await office.person();
    const { browser, challenge, code } = await begin(email);
    const guesses = Array.from({ length: 200 }, (_, index) => String((Number(code) + 1 + index) % 1_000_000));
    const answers = await Promise.all(
      guesses.map((guess) => present(copyOf(office, browser), challenge, guess.padStart(6, '0'))),
    );
    const counts = tally(answers);
    expect(counts['INVALID_CODE']).toBeLessThanOrEqual(5);
    expect(counts['INVALID_CODE']).toBeGreaterThanOrEqual(1);
    expect(counts['ok']).toBeUndefined();
  });

  it('answers for nobody as for somebody, over all tries', async () => {
    const known = await office.person();
    const passwordless = await office.person({ password: undefined });
    const disabled = await office.person();
    await office.get(Accounts).disable(disabled.id);
    const long = `${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(60)}.example.com`;
    const courses: object[][] = [];
    for (const email of [known.email, passwordless.email, disabled.email, NOBODY, long]) {
      const browser = office.client();
      const asked = await request(browser, email);
      await office.deliver();
      const [sent] = office.mailbox.all(email);
      const wrong = sent === undefined ? '123456' : notThe(sent.code!);
      const course = [shapeOf(asked)];
      for (let attempt = 0; attempt < 7; attempt += 1) {
        course.push(shapeOf(await present(browser, asked.body.challenge, wrong)));
      }
      courses.push(course);
    }
    expect(courses[0]!.map((answer) => (answer as { status: number }).status)).toEqual([
      202, 400, 400, 400, 400, 400, 401, 401,
    ]);
    for (const course of courses) expect(course).toEqual(courses[0]);
    expect(office.mailbox.all(disabled.email)).toEqual([]);
  });

  it('counts wrong codes as wrong passwords, and is refused while passwords are', async () => {
    const { id, email } = await office.person();
    const stranger = await begin(email);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expectCode(await present(stranger.browser, stranger.challenge, notThe(stranger.code)), 400, 'INVALID_CODE');
    }
    // Burned for good, and the account refuses the next challenge and the password.
    expectCode(await present(stranger.browser, stranger.challenge, stranger.code), 401, 'CHALLENGE_EXPIRED');
    const owner = await begin(email);
    expectCode(await present(owner.browser, owner.challenge, owner.code), 429, 'TOO_MANY_ATTEMPTS');
    expectCode(await office.client().signIn(email), 429, 'TOO_MANY_ATTEMPTS');
    const locked = (await office.audit('sign_in.locked')).filter(({ subjectId }) => subjectId === id);
    expect(locked).toHaveLength(1);
    expect((await office.mail(email, 'unlock')).token).toBeDefined();
    // Redis lives by its own clock.
    if (stack.store === 'redis') return;
    office.clock.advance(MINUTE_MS);
    expect((await present(owner.browser, owner.challenge, owner.code)).status).toBe(200);
  });

  it('is bound to the browser, the delivery and the challenge that it was begun with', async () => {
    const [one, other] = [await office.person(), await office.person()];
    const mine = await begin(one.email);
    const theirs = await begin(other.email);
    const tokens = await begin(one.email, office.client(), { deliver: 'tokens' });
    const refused: Answer[] = [
      await present(office.client(), mine.challenge, mine.code),
      await present(theirs.browser, mine.challenge, mine.code),
      await present(mine.browser, mine.challenge, mine.code, { deliver: 'tokens' }),
      await present(mine.browser, tokens.challenge, tokens.code),
      await present(mine.browser, `${mine.challenge}x`, mine.code),
      await present(mine.browser, 'x', mine.code),
      await present(mine.browser, '', mine.code),
    ];
    for (const answer of refused) expectCode(answer, 401, 'CHALLENGE_EXPIRED');
    for (const answer of refused) expect(answer.text).toBe(refused[0]!.text);
    // Codes of other challenges, of the same account too.
    expect(new Set([mine.code, theirs.code, tokens.code]).size).toBe(3);
    expectCode(await present(mine.browser, mine.challenge, theirs.code), 400, 'INVALID_CODE');
    expectCode(await present(mine.browser, mine.challenge, tokens.code), 400, 'INVALID_CODE');
    expect((await present(mine.browser, mine.challenge, mine.code)).status).toBe(200);
    expect((await present(office.client(), tokens.challenge, tokens.code, { deliver: 'tokens' })).status).toBe(200);
  });

  it('is worth nothing where a code that confirms an action is asked for, and the other way round', async () => {
    const { email } = await office.person();
    const browser = office.client();
    await browser.signIn(email);
    const confirm = await browser.post('/auth/reauthenticate/email-code', {});
    const confirmCode = (await office.mail(email, 'confirm-code')).code!;
    const signIn = await begin(email);
    const atSignIn = (challenge: string, code: string) => present(signIn.browser, challenge, code);
    const atConfirm = (challenge: string, emailCode: string) =>
      browser.post('/auth/reauthenticate', { challenge, emailCode });
    expectCode(await atSignIn(confirm.body.challenge, confirmCode), 401, 'CHALLENGE_EXPIRED');
    expectCode(await atSignIn(signIn.challenge, confirmCode), 400, 'INVALID_CODE');
    expectCode(await atConfirm(signIn.challenge, signIn.code), 401, 'CHALLENGE_EXPIRED');
    expectCode(await atConfirm(confirm.body.challenge, signIn.code), 400, 'INVALID_CODE');
  });

  it('dies after ten minutes, and with a change of credentials, of the address, or of the account', async () => {
    const late = await begin((await office.person()).email);
    office.clock.advance(10 * MINUTE_MS - 1);
    const inTime = copyOf(office, late.browser);
    expectCode(await present(late.browser, late.challenge, notThe(late.code)), 400, 'INVALID_CODE');
    office.clock.advance(1);
    expectCode(await present(inTime, late.challenge, late.code), 401, 'CHALLENGE_EXPIRED');

    const changed = await office.person();
    const before = await begin(changed.email);
    const owner = office.client();
    await owner.signIn(changed.email);
    await owner.post('/auth/password/change', { currentPassword: PASSWORD, password: 'another horse battery' });
    expectCode(await present(before.browser, before.challenge, before.code), 400, 'INVALID_CODE');

    const moved = await office.person();
    const former = await begin(moved.email);
    const mover = office.client();
    await mover.signIn(moved.email);
    const email = `moved-${moved.email}`;
    await mover.post('/auth/email/change/request', { email });
    const { token } = await office.mail(email, 'change-email');
    expect((await mover.post('/auth/email/change', { token })).status).toBeLessThan(300);
    expectCode(await present(former.browser, former.challenge, former.code), 400, 'INVALID_CODE');
    // And the code is nobody else's, who has the address now.
    const heir = await office.get(Accounts).create({ email: moved.email, emailVerified: true });
    expectCode(await present(former.browser, former.challenge, former.code), 400, 'INVALID_CODE');
    expect((await office.client().signIn(email)).body.user.id).not.toBe(heir!.id);

    const disabled = await office.person();
    const held = await begin(disabled.email);
    await office.get(Accounts).disable(disabled.id);
    expectCode(await present(held.browser, held.challenge, held.code), 400, 'INVALID_CODE');
    await office.get(Accounts).enable(disabled.id);
    expectCode(await present(held.browser, held.challenge, held.code), 400, 'INVALID_CODE');
  });

  it('has five places for each account at once, and a used one is free again', async () => {
    const { email } = await office.person();
    const first = await begin(email);
    for (let index = 1; index < 7; index += 1) await request(office.client(), email);
    expect(await office.mails(email, 'sign-in-code')).toHaveLength(5);
    expect((await present(first.browser, first.challenge, first.code)).status).toBe(200);
    await request(office.client(), email);
    await request(office.client(), email);
    expect(await office.mails(email, 'sign-in-code')).toHaveLength(6);
    // A browser that the account knows has places of its own.
    await request(first.browser, email);
    expect(await office.mails(email, 'sign-in-code')).toHaveLength(7);
    if (stack.store === 'redis') return;
    office.clock.advance(10 * MINUTE_MS);
    await request(office.client(), email);
    expect(await office.mails(email, 'sign-in-code')).toHaveLength(8);
  });

  it('proves the address, and ends what whoever registered it has set', async () => {
    const disputed = 'disputed@example.com';
    await office.client().register(disputed, 'a password of the first one');
    await office.client().register(disputed, 'a password of the second');
    const { browser, challenge, code } = await begin(disputed);
    expect((await present(browser, challenge, code)).body.user.emailVerified).toBe(true);
    expect((await browser.get('/auth/me')).status).toBe(200);
    for (const password of ['a password of the first one', 'a password of the second']) {
      expectCode(await office.client().signIn(disputed, password), 401, 'INVALID_CREDENTIALS');
    }
  });

  it('is left as it was by a veto', async () => {
    const { email } = await office.person();
    const { browser, challenge, code } = await begin(email);
    office.hooks.answer = () => false;
    expectCode(await present(copyOf(office, browser), challenge, code), 403, 'SIGN_IN_REFUSED');
    office.hooks.answer = () => true;
    expect((await present(browser, challenge, code)).status).toBe(200);
  });

  it('is refused, with one row, when the account changes after it was compared', async () => {
    for (const emailVerified of [true, false]) {
      const email = `changing-${emailVerified}@example.com`;
      const user = await office.get(Accounts).create({ email, emailVerified, password: PASSWORD });
      const { browser, challenge, code } = await begin(email);
      office.hooks.answer = async () => {
        await office.get(Accounts).disable(user!.id);
        return true;
      };
      const answer = await present(browser, challenge, code);
      office.hooks.answer = () => true;
      expectCode(answer, 401, 'CHALLENGE_EXPIRED');
      const rows = (await office.audit('sign_in.failed')).filter(({ subjectId }) => subjectId === user!.id);
      expect(rows).toMatchObject([{ details: { method: 'email', reason: 'account' } }]);
    }
  });

  it('is asked for and presented by pages of the application alone', async () => {
    const { email } = await office.person();
    const { browser, challenge, code } = await begin(email);
    const headers = { origin: 'https://evil.example' };
    expectCode(await browser.post('/auth/email-code', { challenge, code }, { headers }), 403, 'CSRF_FAILED');
    const asked = await browser.post('/auth/email-code/request', { email }, { headers });
    expectCode(asked, 403, 'CSRF_FAILED');
    expect(asked.setCookies).toEqual([]);
  });
});
