import { expect } from 'vitest';
import { PASSWORD } from '../../../support/app.js';
import type { Operation, Operations } from '../operation.js';
import { Person } from '../person.js';
import type { Run } from '../run.js';
import type { Stand } from '../stand.js';

const NEW_PASSWORD = 'another correct horse battery';

/** What goes through a letter. */
export const LETTER_OPERATIONS: Operations = { register, 'password reset': reset, 'address change': change };

async function register(stand: Stand, run: Run): Promise<Operation> {
  const person = new Person(stand, run.id, stand.newAddress());
  const { email } = person;
  const body = { email, password: PASSWORD };
  return {
    status: 202,
    send: () => person.post('/auth/register', body),
    check: async (acknowledged) => {
      const written = await stand.count('users', 'email = ?', [email]);
      if (acknowledged !== undefined) expect(written).toBe(1);
      expect(await stand.letters(email, 'verify-email')).toHaveLength(written);
      if (written === 0) {
        expect(await person.canSignIn()).toBe(false);
        await person.sure('/auth/register', body, 202);
      }
      expect(await stand.count('users', 'email = ?', [email])).toBe(1);
      const letter = (await stand.letters(email, 'verify-email')).at(-1)!;
      await person.sure('/auth/email/verify', { token: letter.token }, 204);
      expect(await person.canSignIn()).toBe(true);
    },
  };
}

async function reset(stand: Stand, run: Run): Promise<Operation> {
  const person = await stand.member(run);
  expect(await person.isSignedIn()).toBe(true);
  await person.sure('/auth/password/forgot', { email: person.email }, 202);
  const [letter] = await stand.letters(person.email, 'reset-password');
  const body = { token: letter!.token, password: NEW_PASSWORD };
  const stranger = person.elsewhere();
  const changed = async (): Promise<boolean> => {
    const [old, fresh] = [await person.canSignIn(), await person.canSignIn(NEW_PASSWORD)];
    expect(old, 'either password, and not both').toBe(!fresh);
    return fresh;
  };
  return {
    status: 204,
    send: () => stranger.post('/auth/password/reset', body),
    check: async (acknowledged) => {
      const done = await changed();
      if (acknowledged !== undefined) expect(done).toBe(true);
      expect(await person.isSignedIn()).toBe(!done);
      expect(await person.events('password.reset')).toBe(done ? 1 : 0);
      await stranger.sure('/auth/password/reset', body, done ? 400 : 204);
      expect(await changed()).toBe(true);
      expect(await person.isSignedIn()).toBe(false);
      expect(await stand.letters(person.email, 'password-changed')).toHaveLength(1);
    },
  };
}

async function change(stand: Stand, run: Run): Promise<Operation> {
  const person = await stand.member(run);
  const email = stand.newAddress();
  await person.sure('/auth/email/change/request', { email }, 202);
  const [letter] = await stand.letters(email, 'change-email');
  const body = { token: letter!.token };
  const stranger = person.elsewhere();
  const moved = async (): Promise<boolean> => {
    const [old, fresh] = [await person.canSignIn(), await person.canSignIn(PASSWORD, email)];
    expect(old, 'either address, and not both').toBe(!fresh);
    return fresh;
  };
  return {
    status: 204,
    send: () => stranger.post('/auth/email/change', body),
    check: async (acknowledged) => {
      const done = await moved();
      if (acknowledged !== undefined) expect(done).toBe(true);
      expect(await person.events('email.changed')).toBe(done ? 1 : 0);
      await stranger.sure('/auth/email/change', body, done ? 400 : 204);
      expect(await moved()).toBe(true);
      expect(await stand.letters(person.email, 'email-changed')).toHaveLength(1);
    },
  };
}
