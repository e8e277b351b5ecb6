import bcrypt from 'bcrypt';
import { expect } from 'vitest';
import { PASSWORD } from '../../../support/app.js';
import type { DoomedRequest, Operations } from '../doomed.js';
import type { MortalApp } from '../mortal-app.js';
import type { Person } from '../person.js';

const WRONG = 'wrong horse battery staple';
const LIVE = 'revoked_at IS NULL';
/** Wrong passwords that lock an account. */
const MOST_WRONG = 5;

export const SIGN_IN_OPERATIONS: Operations = {
  'a sign-in': signIn,
  'a wrong password': wrongPassword,
  'a sign-in that makes the hash anew': rehash,
};

async function signIn(app: MortalApp): Promise<DoomedRequest> {
  const person = await app.account();
  return {
    status: 200,
    send: (dieAt) => person.signIn(undefined, undefined, dieAt),
    check: async (answer) => {
      await oneSessionAtMost(person, answer !== undefined);
      expect(await person.events('sign_in.succeeded')).toBe(await person.rows('auth_sessions'));
      expect((await person.signIn()).status).toBe(200);
      expect(await person.isSignedIn()).toBe(true);
      expect(await person.canSignIn(undefined, WRONG)).toBe(false);
    },
  };
}

/** A session is there as a whole or not at all, and signs in nobody but whoever was answered. */
export async function oneSessionAtMost(person: Person, answered: boolean): Promise<number> {
  const sessions = await person.rows('auth_sessions', LIVE);
  expect(sessions).toBeLessThanOrEqual(1);
  if (answered) expect(sessions).toBe(1);
  expect(await person.isSignedIn()).toBe(answered);
  return sessions;
}

/** What was answered as wrong has been counted: the account is locked no later than it says. */
async function wrongPassword(app: MortalApp): Promise<DoomedRequest> {
  const person = await app.account();
  const guess = (dieAt?: string) => person.elsewhere().signIn(undefined, WRONG, dieAt);
  for (let time = 0; time < 2; time += 1) expect((await guess()).status).toBe(401);
  return {
    status: 401,
    send: guess,
    check: async (answer) => {
      const acknowledged = answer === undefined ? 2 : 3;
      for (let time = acknowledged; time < MOST_WRONG; time += 1) expect([401, 429]).toContain((await guess()).status);
      const { status, body } = await person.elsewhere().signIn();
      expect([status, body.code]).toEqual([429, 'TOO_MANY_ATTEMPTS']);
      expect(await person.rows('auth_sessions')).toBe(0);
    },
  };
}

async function rehash(app: MortalApp): Promise<DoomedRequest> {
  const person = await app.account();
  const old = bcrypt.hashSync(PASSWORD, 4);
  await app.query('UPDATE users SET password_hash = $1 WHERE email = $2', [old, person.email]);
  const stored = async (): Promise<unknown> => {
    const [row] = await app.query('SELECT password_hash FROM users WHERE email = $1', [person.email]);
    return row!['password_hash'];
  };
  return {
    status: 200,
    send: (dieAt) => person.signIn(undefined, undefined, dieAt),
    check: async (answer) => {
      const hash = await stored();
      if (hash !== old) expect(hash).toMatch(/^\$gatehouse\$v=1\$2b\$04\$/);
      await oneSessionAtMost(person, answer !== undefined);
      expect(await person.canSignIn(undefined, WRONG)).toBe(false);
      expect((await person.signIn()).status).toBe(200);
      await expect.poll(stored, { timeout: 5_000 }).toMatch(/^\$gatehouse\$/);
      expect([await person.canSignIn(), await person.canSignIn(undefined, WRONG)]).toEqual([true, false]);
    },
  };
}
