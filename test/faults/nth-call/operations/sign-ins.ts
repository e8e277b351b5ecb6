import bcrypt from 'bcrypt';
import { expect } from 'vitest';
import { PASSWORD } from '../../../support/app.js';
import type { Answer } from '../../../support/client.js';
import type { Operation, Operations } from '../operation.js';
import type { Person } from '../person.js';
import type { Run } from '../run.js';
import type { Stand } from '../stand.js';

const WRONG = 'a wrong password altogether';
/** Wrong passwords that lock an account. */
const MOST_WRONG = 5;
const RECORDED_MS = 5_000;

export const SIGN_IN_OPERATIONS: Operations = {
  'login (cookie)': login,
  're-hash at login': rehash,
  'wrong password': wrongPassword,
};

/** For a sign-in in cookie delivery: at most one session, whole, which lets in nobody but whoever was answered. */
export function oneSession(person: Person) {
  return {
    signsIn: { userId: person.userId, letsIn: () => person.isSignedIn() },
    checkSession: async (acknowledged: Answer | undefined): Promise<number> => {
      const sessions = await person.liveSessions();
      expect(sessions).toBeLessThanOrEqual(1);
      if (acknowledged !== undefined) expect(sessions).toBe(1);
      expect(await person.isSignedIn()).toBe(acknowledged !== undefined);
      return sessions;
    },
  };
}

async function login(stand: Stand, run: Run): Promise<Operation> {
  const person = await stand.account(run);
  const { signsIn, checkSession } = oneSession(person);
  return {
    status: 200,
    signsIn,
    send: () => person.signIn(),
    check: async (acknowledged) => {
      await checkSession(acknowledged);
      expect(await person.events('sign_in.succeeded')).toBe(await person.rows('auth_sessions'));
      await person.signedIn();
      expect(await person.isSignedIn()).toBe(true);
      expect(await person.canSignIn(WRONG)).toBe(false);
    },
  };
}

async function rehash(stand: Stand, run: Run): Promise<Operation> {
  const person = await stand.account(run);
  const old = bcrypt.hashSync(PASSWORD, 4);
  await stand.query('UPDATE users SET password_hash = ? WHERE email = ?', [old, person.email]);
  const stored = async (): Promise<unknown> => {
    const [row] = await stand.query('SELECT password_hash FROM users WHERE email = ?', [person.email]);
    return row!['password_hash'];
  };
  const { signsIn, checkSession } = oneSession(person);
  return {
    status: 200,
    signsIn,
    send: () => person.signIn(),
    check: async (acknowledged) => {
      const hash = await stored();
      if (hash !== old) expect(hash).toMatch(/^\$gatehouse\$v=1\$2b\$04\$/);
      await checkSession(acknowledged);
      expect(await person.canSignIn(WRONG)).toBe(false);
      await person.signedIn();
      await expect.poll(stored, { timeout: 3_000, interval: 5 }).toMatch(/^\$gatehouse\$/);
      expect([await person.canSignIn(), await person.canSignIn(WRONG)]).toEqual([true, false]);
    },
  };
}

/** What was answered as wrong has been counted. */
async function wrongPassword(stand: Stand, run: Run): Promise<Operation> {
  const person = await stand.account(run);
  const guess = () => person.elsewhere().signIn(WRONG);
  return {
    status: 401,
    send: guess,
    check: async (acknowledged) => {
      let told = acknowledged === undefined ? 0 : 1;
      while ((await person.surely(guess)).status === 401) {
        told += 1;
        expect(told).toBeLessThanOrEqual(MOST_WRONG);
      }
      expect(await person.surely(() => person.elsewhere().signIn())).toMatchObject({
        status: 429,
        body: { code: 'TOO_MANY_ATTEMPTS' },
      });
      const counted = async (): Promise<number> => {
        const [row] = await stand.query('SELECT failed_in_row FROM auth_accounts WHERE user_id = ?', [person.userId]);
        return Number(row!['failed_in_row']);
      };
      // That is written after the answer, and again where it met a fault.
      await expect.poll(counted, { timeout: RECORDED_MS, interval: 20 }).toBe(told);
      expect(await person.events('sign_in.failed', 'failure')).toBe(told);
      expect(await person.rows('auth_sessions')).toBe(0);
    },
  };
}
