import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { copyOf, expectCode, MINUTE_MS, startPostOffice, tally, type PostOffice } from '../passwordless/kit.js';
import { ADAPTERS, PASSWORD, STACKS } from '../support/app.js';
import { begin, finish, liveSessionsOf, owner, sessionCookies } from './kit.js';

const NEVER = 'x'.repeat(43);

describe.each(STACKS.map((stack, index) => ({ ...stack, adapter: ADAPTERS[1 - index]! })))(
  'a sign-in that waits for its second factor ($adapter, $database, $store)',
  (stand) => {
    let office: PostOffice;
    beforeAll(async () => {
      office = await startPostOffice(stand);
    });
    afterAll(() => office.close());

    it('ends in the browser and in the delivery that began it, and nowhere else', async () => {
      const who = await owner(office);
      const browser = office.client();
      const challenge = await begin(browser, who.email);
      const proof = { code: who.authenticator.next() };
      const elsewhere = office.client();
      await begin(elsewhere, who.email);
      for (const other of [office.client(), elsewhere]) {
        expectCode(await finish(other, challenge, proof), 401, 'CHALLENGE_EXPIRED');
        expectCode(await finish(other, challenge, { ...proof, deliver: 'tokens' }), 401, 'CHALLENGE_EXPIRED');
      }
      expectCode(await finish(browser, challenge, { ...proof, deliver: 'tokens' }), 401, 'CHALLENGE_EXPIRED');
      const bare = await begin(browser, who.email, { deliver: 'tokens' });
      expectCode(await finish(browser, bare, { ...proof, deliver: 'cookie' }), 401, 'CHALLENGE_EXPIRED');
      expectCode(await finish(browser, NEVER, proof), 401, 'CHALLENGE_EXPIRED');
      expect(await liveSessionsOf(office, who.id)).toHaveLength(1);
      // None of it has used the code up.
      expect((await finish(browser, challenge, proof)).status).toBe(200);
      expectCode(await finish(browser, challenge, { code: who.authenticator.next() }), 401, 'CHALLENGE_EXPIRED');
      // A client of tokens has nothing but the challenge.
      expect((await finish(office.client(), bare, { code: who.authenticator.next() })).status).toBe(200);
    });

    it('keeps what was asked for with the first factor, and another tab', async () => {
      const who = await owner(office);
      const browser = office.client();
      const first = await begin(browser, who.email, { rememberMe: true });
      const second = await begin(browser, who.email);
      const done = await finish(browser, first, { code: who.authenticator.next() });
      expect(sessionCookies(done)[0]).toMatch(/Max-Age=2592000/);
      const again = await finish(browser, second, { code: who.authenticator.next() });
      expect(sessionCookies(again)[0]).not.toMatch(/Max-Age/i);
      // The session that the browser held has ended with it.
      expect(await liveSessionsOf(office, who.id)).toHaveLength(2);
    });

    it('asks a page of another site for nothing', async () => {
      const who = await owner(office);
      const browser = office.client();
      const challenge = await begin(browser, who.email);
      const body = { challenge, code: who.authenticator.next() };
      const headers = { origin: 'https://evil.example' };
      expectCode(await browser.post('/auth/second-factor', body, { headers }), 403, 'CSRF_FAILED');
      expect((await browser.post('/auth/second-factor', body)).status).toBe(200);
    });

    it.each([
      ['a reset of the password', 'reset'],
      ['a change of the password', 'change'],
      ['the account being disabled', 'disable'],
      ['the removal of the authenticator', 'remove'],
      ['signing out everywhere', 'everywhere'],
      ['the account being deleted', 'delete'],
    ] as const)('is over after %s', async (_, what) => {
      const who = await owner(office);
      const browser = office.client();
      const challenge = await begin(browser, who.email);
      const recoveryCode = who.recoveryCodes[0];
      const happened = {
        reset: async () => {
          await office.client().post('/auth/password/forgot', { email: who.email });
          const { token } = await office.mail(who.email, 'reset-password');
          return office.client().post('/auth/password/reset', { token, password: `${PASSWORD} anew` });
        },
        change: () =>
          who.browser.post('/auth/password/change', { currentPassword: PASSWORD, password: `${PASSWORD} anew` }),
        disable: () => office.get(Accounts).disable(who.id),
        remove: () => who.browser.post('/auth/totp/disable', {}),
        everywhere: () => who.browser.delete('/auth/sessions?keepCurrent=false'),
        delete: () => who.browser.delete('/auth/me'),
      }[what];
      const answer = await happened();
      if (answer !== undefined && 'status' in answer) expect(answer.status, answer.text).toBeLessThan(300);
      const before = await liveSessionsOf(office, who.id);
      for (const proof of [{ code: who.authenticator.next() }, { recoveryCode }]) {
        const late = await finish(browser, challenge, proof);
        expectCode(late, 401, 'CHALLENGE_EXPIRED');
        expect(late.setCookies).toEqual([]);
      }
      expect(await liveSessionsOf(office, who.id)).toEqual(before);
    });

    it('is over when that happens while its last proof is being checked', async () => {
      const who = await owner(office);
      const browser = office.client();
      const challenge = await begin(browser, who.email);
      const before = await liveSessionsOf(office, who.id);
      const body = { currentPassword: PASSWORD, password: `${PASSWORD} anew` };
      office.hooks.answer = async () => (await who.browser.post('/auth/password/change', body)).status === 200;
      try {
        const late = await finish(browser, challenge, { code: who.authenticator.next() });
        expectCode(late, 401, 'CHALLENGE_EXPIRED');
        expect(late.setCookies).toEqual([]);
      } finally {
        office.hooks.answer = () => true;
      }
      expect(await liveSessionsOf(office, who.id)).toHaveLength(before.length);
    });

    it('asks the application once more at its end', async () => {
      const who = await owner(office);
      const browser = office.client();
      const challenge = await begin(browser, who.email);
      const before = await liveSessionsOf(office, who.id);
      office.hooks.asked.length = 0;
      office.hooks.answer = () => false;
      try {
        const refused = await finish(browser, challenge, { code: who.authenticator.next() });
        expectCode(refused, 403, 'SIGN_IN_REFUSED');
        expect(refused.setCookies).toEqual([]);
        expect(office.hooks.asked).toMatchObject([{ userId: who.id, method: 'otp' }]);
      } finally {
        office.hooks.answer = () => true;
      }
      expectCode(await finish(browser, challenge, { code: who.authenticator.next() }), 401, 'CHALLENGE_EXPIRED');
      expect(await liveSessionsOf(office, who.id)).toEqual(before);
      // And where the first factor is refused already, nobody is asked for a second one.
      office.hooks.answer = () => false;
      const first = await office.client().signIn(who.email);
      office.hooks.answer = () => true;
      expectCode(first, 403, 'SIGN_IN_REFUSED');
    });

    it('begins one session of 30 right proofs at once', async () => {
      const who = await owner(office);
      const browser = office.client();
      const challenge = await begin(browser, who.email);
      const proofs = [
        { code: who.authenticator.next() },
        ...who.recoveryCodes.map((recoveryCode) => ({ recoveryCode })),
      ];
      const before = await liveSessionsOf(office, who.id);
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          finish(copyOf(office, browser), challenge, proofs[index % proofs.length]!),
        ),
      );
      expect(tally(answers)['ok']).toBe(1);
      for (const { status, body, setCookies } of answers) {
        if (status === 200) continue;
        expect(['CHALLENGE_EXPIRED', 'TOO_MANY_ATTEMPTS', 'INVALID_CODE']).toContain(body.code);
        expect(setCookies).toEqual([]);
      }
      expect(await liveSessionsOf(office, who.id)).toHaveLength(before.length + 1);
    });

    it('finds a place for 20 from browsers that are not known, and for a known one beside them', async () => {
      const who = await owner(office);
      // Its device cookie was given to the browser of the enrolment at sign-in.
      const known = office.client();
      for (const [name, value] of who.browser.cookies) if (name.includes('device')) known.cookies.set(name, value);
      expect(known.cookies.size).toBe(1);
      const challenges: string[] = [];
      for (let index = 0; index < 20; index += 1)
        challenges.push(await begin(office.client(), who.email, { deliver: 'tokens' }));
      const refused = await office.client().signIn(who.email);
      expectCode(refused, 429, 'TOO_MANY_ATTEMPTS');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(sessionCookies(refused)).toEqual([]);
      const own = await begin(known, who.email);
      expect((await finish(known, own, { code: who.authenticator.next() })).status).toBe(200);
      for (let index = 0; index < 5; index += 1) {
        const again = office.client();
        for (const [name, value] of known.cookies) if (name.includes('device')) again.cookies.set(name, value);
        await begin(again, who.email);
      }
      const sixth = office.client();
      for (const [name, value] of known.cookies) if (name.includes('device')) sixth.cookies.set(name, value);
      expectCode(await sixth.signIn(who.email), 429, 'TOO_MANY_ATTEMPTS');
      // One that ends leaves its place to another.
      await finish(office.client(), challenges[7]!, { code: who.authenticator.next() });
      await begin(office.client(), who.email);
    });

    it('is not stopped by a lock of the password, and forgets its failures with the last factor alone', async () => {
      const who = await owner(office);
      const guess = (browser = office.client()) => browser.signIn(who.email, 'a wrong password altogether');
      const waiting = office.client();
      for (let index = 0; index < 4; index += 1) await guess();
      const challenge = await begin(waiting, who.email);
      // The right password has forgotten nothing yet: the fifth wrong one locks.
      expectCode(await guess(), 401, 'INVALID_CREDENTIALS');
      expectCode(await office.client().signIn(who.email), 429, 'TOO_MANY_ATTEMPTS');
      expect((await finish(waiting, challenge, { code: who.authenticator.next() })).status).toBe(200);
      expectCode(await guess(), 401, 'INVALID_CREDENTIALS');
      await begin(office.client(), who.email);
    });

    it('burns after five wrong proofs, and nothing else does', async () => {
      const who = await owner(office);
      const browser = office.client();
      const challenge = await begin(browser, who.email);
      for (let index = 0; index < 5; index += 1) {
        expectCode(await finish(browser, challenge, { code: who.authenticator.wrong() }), 400, 'INVALID_CODE');
      }
      expectCode(await finish(browser, challenge, { code: who.authenticator.next() }), 401, 'CHALLENGE_EXPIRED');
      const next = await begin(browser, who.email);
      expect((await finish(browser, next, { code: who.authenticator.next() })).status).toBe(200);
    });
  },
);

it('waits five minutes', async () => {
  const office = await startPostOffice();
  const who = await owner(office);
  const browser = office.client();
  const [early, late] = [await begin(browser, who.email), await begin(browser, who.email)];
  office.clock.advance(4.5 * MINUTE_MS - 1);
  expect((await finish(browser, early, { code: who.authenticator.next() })).status).toBe(200);
  office.clock.advance(1);
  expectCode(await finish(browser, late, { code: who.authenticator.next() }), 401, 'CHALLENGE_EXPIRED');
  await office.close();
});
