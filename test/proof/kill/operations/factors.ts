import { expect } from 'vitest';
import type { Answer } from '../../../support/client.js';
import { ORIGIN, SoftKey } from '../../../passkeys/kit.js';
import { authenticator } from '../../../totp/kit.js';
import type { DoomedRequest, Operations } from '../doomed.js';
import type { MortalApp } from '../mortal-app.js';
import type { Person } from '../person.js';
import { oneSessionAtMost } from './sign-in.js';

export const FACTOR_OPERATIONS: Operations = {
  'the code that confirms an authenticator': confirmation,
  'a code of an authenticator': code,
  'a recovery code': recoveryCode,
  'a passkey': passkey,
};

interface Enrolled {
  readonly person: Person;
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
}

const now = (secret: string): string => authenticator(secret, Date.now());

async function enrolment(person: Person): Promise<string> {
  const { status, body, text } = await person.post('/auth/totp/enroll', {});
  expect(status, text).toBe(200);
  return body.secret as string;
}

async function enrolled(app: MortalApp): Promise<Enrolled> {
  const person = await app.member();
  const secret = await enrolment(person);
  const { status, body, text } = await person.post('/auth/totp/confirm', { code: now(secret) });
  expect(status, text).toBe(200);
  await letTimePass(app, person);
  await app.query('DELETE FROM auth_sessions WHERE user_id = $1', [await person.id()]);
  return { person: person.elsewhere(), secret, recoveryCodes: body.recoveryCodes };
}

/** The code of now is of a later step than the last one that was used. */
async function letTimePass(app: MortalApp, person: Person): Promise<void> {
  await app.query('UPDATE auth_totp SET last_step = last_step - 10 WHERE user_id = $1', [await person.id()]);
}

async function halfway(person: Person): Promise<string> {
  const { body, text } = await person.signIn();
  expect(body.status, text).toBe('second_factor');
  return body.challenge as string;
}

const finish = (person: Person, challenge: string, proof: object, dieAt?: string): Promise<Answer> =>
  person.post('/auth/second-factor', { challenge, ...proof }, dieAt);

async function confirmation(app: MortalApp): Promise<DoomedRequest> {
  const person = await app.member();
  const old = person.copy();
  const secret = await enrolment(person);
  return {
    status: 200,
    send: (dieAt) => person.post('/auth/totp/confirm', { code: now(secret) }, dieAt),
    check: async (answer) => {
      const enabled = await person.rows('auth_totp', 'confirmed_at IS NOT NULL');
      expect(await person.rows('auth_recovery_codes')).toBe(enabled * 10);
      expect(await person.events('second_factor.enabled')).toBe(enabled);
      expect(await person.rows('auth_sessions', 'revoked_at IS NULL')).toBe(1);
      expect(await old.isSignedIn()).toBe(enabled === 0);
      if (answer !== undefined) {
        expect([enabled, await person.isSignedIn()]).toEqual([1, true]);
        expect(await signsIn(person, { recoveryCode: answer.body.recoveryCodes[0] })).toBe(true);
      }
      if (enabled === 0) {
        const again = await enrolment(old);
        expect((await old.post('/auth/totp/confirm', { code: now(again) })).status).toBe(200);
        return;
      }
      await letTimePass(app, person);
      expect(await signsIn(person, { code: now(secret) })).toBe(true);
    },
  };
}

/** With the password and this, in a browser of its own. */
async function signsIn(person: Person, proof: object): Promise<boolean> {
  const browser = person.elsewhere();
  const { status } = await finish(browser, await halfway(browser), proof);
  expect([200, 400]).toContain(status);
  expect(await browser.isSignedIn()).toBe(status === 200);
  return status === 200;
}

async function code(app: MortalApp): Promise<DoomedRequest> {
  const { person, secret } = await enrolled(app);
  const challenge = await halfway(person);
  const shown = now(secret);
  return {
    status: 200,
    send: (dieAt) => finish(person, challenge, { code: shown }, dieAt),
    check: async (answer) => {
      const sessions = await oneSessionAtMost(person, answer !== undefined);
      // Used up at the latest with the session.
      const again = await signsIn(person, { code: shown });
      if (sessions === 1) expect(again).toBe(false);
      expect(await signsIn(person, { code: shown })).toBe(false);
      await letTimePass(app, person);
      expect(await signsIn(person, { code: now(secret) })).toBe(true);
    },
  };
}

async function recoveryCode(app: MortalApp): Promise<DoomedRequest> {
  const { person, recoveryCodes } = await enrolled(app);
  const challenge = await halfway(person);
  const [first, second] = recoveryCodes;
  return {
    status: 200,
    send: (dieAt) => finish(person, challenge, { recoveryCode: first }, dieAt),
    check: async (answer) => {
      const sessions = await oneSessionAtMost(person, answer !== undefined);
      const used = await person.rows('auth_recovery_codes', 'used_at IS NOT NULL');
      expect(used).toBeGreaterThanOrEqual(sessions);
      expect(await signsIn(person, { recoveryCode: first })).toBe(used === 0);
      expect(await signsIn(person, { recoveryCode: first })).toBe(false);
      expect(await signsIn(person, { recoveryCode: second })).toBe(true);
      expect(await person.rows('auth_recovery_codes', 'used_at IS NULL')).toBe(8);
    },
  };
}

async function passkey(app: MortalApp): Promise<DoomedRequest> {
  const owner = await app.member();
  const key = new SoftKey(ORIGIN);
  const creation = (await owner.post('/auth/passkeys/registration/options', {})).body;
  const added = await owner.post('/auth/passkeys/registration', { passkey: key.create(creation) });
  expect(added.status, added.text).toBe(200);
  await app.query('DELETE FROM auth_sessions WHERE user_id = $1', [await owner.id()]);
  const person = owner.elsewhere();
  const options = async (browser: Person) => (await browser.post('/auth/passkeys/authentication/options', {})).body;
  const assertion = key.get(await options(person));
  const present = (dieAt?: string) => person.post('/auth/passkeys/authentication', { passkey: assertion }, dieAt);
  return {
    status: 200,
    send: present,
    check: async (answer) => {
      const sessions = await oneSessionAtMost(person, answer !== undefined);
      // The challenge is taken once, whatever became of the first time.
      const again = await present();
      if (sessions === 1) expect(again.status).not.toBe(200);
      expect((await present()).status).not.toBe(200);
      const browser = owner.elsewhere();
      const fresh = { passkey: key.get(await options(browser)) };
      expect((await browser.post('/auth/passkeys/authentication', fresh)).status).toBe(200);
      expect(await browser.isSignedIn()).toBe(true);
    },
  };
}
