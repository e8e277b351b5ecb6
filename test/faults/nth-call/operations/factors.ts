import { expect } from 'vitest';
import { ORIGIN, SoftKey } from '../../../passkeys/kit.js';
import { authenticator } from '../../../totp/kit.js';
import type { Answer } from '../../../support/client.js';
import type { Operation, Operations } from '../operation.js';
import type { Person } from '../person.js';
import type { Run } from '../run.js';
import type { Stand } from '../stand.js';
import { oneSession } from './sign-ins.js';

/** Wrong codes that lock a factor. */
const MOST_WRONG = 10;

export const FACTOR_OPERATIONS: Operations = {
  'TOTP confirm': confirm,
  'TOTP use': useCode,
  'wrong TOTP code': wrongCode,
  'recovery code': recoveryCode,
  'passkey sign-in': passkey,
};

const now = (secret: string): string => authenticator(secret, Date.now());

async function enrolment(person: Person): Promise<string> {
  return (await person.sure('/auth/totp/enroll', {}, 200)).body.secret;
}

/** The code of now is of a later step than the last one that was used. */
function letTimePass({ stand, userId }: Person): Promise<unknown> {
  return stand.query('UPDATE auth_totp SET last_step = last_step - 10 WHERE user_id = ?', [userId]);
}

async function halfway(person: Person): Promise<string> {
  const { body, text } = await person.surely(() => person.signIn());
  expect(body.status, text).toBe('second_factor');
  return body.challenge;
}

const finish = (person: Person, challenge: string, proof: object): Promise<Answer> =>
  person.post('/auth/second-factor', { challenge, ...proof });

/** With the password and this, in a browser of its own. */
async function signsInWith(person: Person, proof: () => object): Promise<boolean> {
  const browser = person.elsewhere();
  const challenge = await halfway(browser);
  const { status, text } = await browser.surely(() => finish(browser, challenge, proof()));
  expect([200, 400], text).toContain(status);
  expect(await browser.isSignedIn()).toBe(status === 200);
  return status === 200;
}

async function confirm(stand: Stand, run: Run): Promise<Operation> {
  const person = await stand.member(run);
  const old = person.copy();
  const secret = await enrolment(person);
  return {
    status: 200,
    send: () => person.post('/auth/totp/confirm', { code: now(secret) }),
    check: async (acknowledged) => {
      const enabled = await person.rows('auth_totp', 'confirmed_at IS NOT NULL');
      expect(await person.rows('auth_recovery_codes')).toBe(enabled * 10);
      expect(await person.events('second_factor.enabled')).toBe(enabled);
      expect(await person.liveSessions()).toBe(1);
      expect(await old.isSignedIn()).toBe(enabled === 0);
      if (acknowledged !== undefined) {
        expect([enabled, await person.isSignedIn()]).toEqual([1, true]);
        expect(await signsInWith(person, () => ({ recoveryCode: acknowledged.body.recoveryCodes[0] }))).toBe(true);
      }
      const kept = enabled === 1 ? secret : await enrolment(old);
      // Its answer may be lost on a busy machine: another try then finds that the session has been renewed.
      if (enabled === 0) await old.surely(() => old.post('/auth/totp/confirm', { code: now(kept) }));
      await letTimePass(person);
      expect(await signsInWith(person, () => ({ code: now(kept) }))).toBe(true);
    },
  };
}

interface Enrolled {
  /** In a browser that nobody has signed in with. */
  readonly person: Person;
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
}

async function enrolled(stand: Stand, run: Run): Promise<Enrolled> {
  const owner = await stand.member(run);
  const secret = await enrolment(owner);
  const { body } = await owner.sure('/auth/totp/confirm', { code: now(secret) }, 200);
  await letTimePass(owner);
  await stand.query('DELETE FROM auth_sessions WHERE user_id = ?', [owner.userId]);
  return { person: owner.elsewhere(), secret, recoveryCodes: body.recoveryCodes };
}

async function useCode(stand: Stand, run: Run): Promise<Operation> {
  const { person, secret } = await enrolled(stand, run);
  const challenge = await halfway(person);
  const code = now(secret);
  const { signsIn, checkSession } = oneSession(person);
  return {
    status: 200,
    signsIn,
    send: () => finish(person, challenge, { code }),
    check: async (acknowledged) => {
      const sessions = await checkSession(acknowledged);
      // Used up at the latest with the session.
      const again = await signsInWith(person, () => ({ code }));
      if (sessions === 1) expect(again).toBe(false);
      expect(await signsInWith(person, () => ({ code }))).toBe(false);
      await letTimePass(person);
      expect(await signsInWith(person, () => ({ code: now(secret) }))).toBe(true);
    },
  };
}

/** What was answered as wrong has been counted, by the factor and not by the challenge alone. */
async function wrongCode(stand: Stand, run: Run): Promise<Operation> {
  const { person, secret } = await enrolled(stand, run);
  const near = [-2, -1, 0, 1, 2, 3].map((step) => authenticator(secret, Date.now() + step * 30_000));
  const code = ['000000', '111111', '222222', '333333', '444444', '555555', '666666'].find((it) => !near.includes(it))!;
  const challenge = await halfway(person);
  return {
    status: 400,
    send: () => finish(person, challenge, { code }),
    check: async (acknowledged) => {
      let told = acknowledged === undefined ? 0 : 1;
      for (let refused = false; !refused;) {
        const browser = person.elsewhere();
        const next = await halfway(browser);
        const { body } = await browser.surely(() => finish(browser, next, { code }));
        if (body.code === 'INVALID_CODE') told += 1;
        else expect(body.code).toBe('TOO_MANY_ATTEMPTS');
        refused = body.code !== 'INVALID_CODE';
        expect(told).toBeLessThanOrEqual(MOST_WRONG);
      }
      expect(await person.events('sign_in.failed', 'failure')).toBeGreaterThanOrEqual(told);
      expect(await person.rows('auth_sessions')).toBe(0);
    },
  };
}

async function recoveryCode(stand: Stand, run: Run): Promise<Operation> {
  const { person, recoveryCodes } = await enrolled(stand, run);
  const challenge = await halfway(person);
  const [first, second] = recoveryCodes.map((code) => ({ recoveryCode: code }));
  const { signsIn, checkSession } = oneSession(person);
  return {
    status: 200,
    signsIn,
    send: () => finish(person, challenge, first!),
    check: async (acknowledged) => {
      const sessions = await checkSession(acknowledged);
      const used = await person.rows('auth_recovery_codes', 'used_at IS NOT NULL');
      expect(used).toBeGreaterThanOrEqual(sessions);
      expect(await signsInWith(person, () => first!)).toBe(used === 0);
      expect(await signsInWith(person, () => first!)).toBe(false);
      expect(await signsInWith(person, () => second!)).toBe(true);
      expect(await person.rows('auth_recovery_codes', 'used_at IS NULL')).toBe(8);
    },
  };
}

async function passkey(stand: Stand, run: Run): Promise<Operation> {
  const owner = await stand.member(run);
  const key = new SoftKey(ORIGIN);
  const creation = (await owner.sure('/auth/passkeys/registration/options', {}, 200)).body;
  await owner.sure('/auth/passkeys/registration', { passkey: key.create(creation) }, 200);
  await stand.query('DELETE FROM auth_sessions WHERE user_id = ?', [owner.userId]);
  const person = owner.elsewhere();
  const assertion = async (browser: Person) =>
    key.get((await browser.sure('/auth/passkeys/authentication/options', {}, 200)).body);
  const passkey = await assertion(person);
  const present = () => person.post('/auth/passkeys/authentication', { passkey });
  const { signsIn, checkSession } = oneSession(person);
  return {
    status: 200,
    signsIn,
    send: present,
    check: async (acknowledged) => {
      const sessions = await checkSession(acknowledged);
      // The challenge is taken once, whatever became of the first time.
      const again = await person.surely(present);
      if (sessions === 1) expect(again.status).not.toBe(200);
      expect((await person.surely(present)).status).not.toBe(200);
      const browser = owner.elsewhere();
      await browser.sure('/auth/passkeys/authentication', { passkey: await assertion(browser) }, 200);
      expect(await browser.isSignedIn()).toBe(true);
    },
  };
}
