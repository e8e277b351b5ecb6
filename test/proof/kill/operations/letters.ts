import { expect } from 'vitest';
import type { MailKind } from '../../../../lib/index.js';
import { PASSWORD } from '../../../support/app.js';
import type { Answer } from '../../../support/client.js';
import type { Mail } from '../../mail-server.js';
import type { DoomedRequest, Operations } from '../doomed.js';
import type { MortalApp } from '../mortal-app.js';
import { Person } from '../person.js';

const NEW_PASSWORD = 'another correct horse battery';

/** What goes through a letter: the request, and the link of it. */
export const LETTER_OPERATIONS: Operations = {
  registration,
  'the link of a registration': verification,
  'the request of a reset': resetRequest,
  'the link of a reset': reset,
  'the request of a change of address': changeRequest,
  'the link of a change of address': change,
};

async function registration(app: MortalApp): Promise<DoomedRequest> {
  const person = new Person(app, app.newAddress());
  return {
    status: 202,
    send: (dieAt) => person.post('/auth/register', { email: person.email, password: PASSWORD }, dieAt),
    check: async (answer) => {
      const written = await app.count('users', 'email = $1', [person.email]);
      const letters = await delivered(app, person.email);
      if (answer !== undefined) expect(written).toBe(1);
      expect(letters.map(({ kind }) => kind)).toEqual(written === 1 ? ['verify-email'] : []);
      if (written === 0) {
        expect(await person.canSignIn()).toBe(false);
        return;
      }
      await confirm(person, '/auth/email/verify', only(letters), 204);
      expect(await person.canSignIn()).toBe(true);
    },
  };
}

async function verification(app: MortalApp): Promise<DoomedRequest> {
  const person = new Person(app, app.newAddress());
  expect((await person.post('/auth/register', { email: person.email, password: PASSWORD })).status).toBe(202);
  const letter = only(await delivered(app, person.email));
  return {
    status: 204,
    send: (dieAt) => person.post('/auth/email/verify', { token: letter.token }, dieAt),
    check: async (answer) => {
      const proven = await app.count('users', 'email = $1 AND email_verified_at IS NOT NULL', [person.email]);
      if (answer !== undefined) expect(proven).toBe(1);
      await confirm(person, '/auth/email/verify', letter, proven === 1 ? 400 : 204);
      expect(await person.canSignIn()).toBe(true);
      expect(await person.events('email.verified')).toBe(1);
    },
  };
}

async function resetRequest(app: MortalApp): Promise<DoomedRequest> {
  const person = await app.member();
  // Says nobody's name: those of other requests must not be counted.
  let asked = 0;
  return {
    status: 202,
    send: async (dieAt) => {
      asked = await app.count('auth_audit', "type = 'password.reset_requested'");
      return person.post('/auth/password/forgot', { email: person.email }, dieAt);
    },
    check: async (answer) => {
      const written = (await app.count('auth_audit', "type = 'password.reset_requested'")) - asked;
      const letters = await delivered(app, person.email, 'reset-password');
      expect(letters).toHaveLength(written);
      if (answer !== undefined) expect(written).toBe(1);
      expect(await person.canSignIn()).toBe(true);
      expect(await person.isSignedIn()).toBe(true);
      if (written === 0) {
        expect((await person.post('/auth/password/forgot', { email: person.email })).status).toBe(202);
        letters.push(...(await delivered(app, person.email, 'reset-password')));
      }
      await confirm(person, '/auth/password/reset', only(letters), 204, { password: NEW_PASSWORD });
      expect([await person.canSignIn(), await knowsNew(person)]).toEqual([false, true]);
    },
  };
}

async function reset(app: MortalApp): Promise<DoomedRequest> {
  const person = await app.member();
  expect((await person.post('/auth/password/forgot', { email: person.email })).status).toBe(202);
  const letter = only(await delivered(app, person.email, 'reset-password'));
  const password = NEW_PASSWORD;
  return {
    status: 204,
    send: (dieAt) => person.post('/auth/password/reset', { token: letter.token, password }, dieAt),
    check: async (answer) => {
      const [old, fresh] = [await person.canSignIn(), await knowsNew(person)];
      expect(old, 'either password, and not both').toBe(!fresh);
      if (answer !== undefined) expect(fresh).toBe(true);
      expect(await person.isSignedIn()).toBe(!fresh);
      expect(await person.events('password.reset')).toBe(fresh ? 1 : 0);
      expect(await delivered(app, person.email, 'password-changed')).toHaveLength(fresh ? 1 : 0);
      await confirm(person, '/auth/password/reset', letter, fresh ? 400 : 204, { password });
      expect([await person.canSignIn(), await knowsNew(person)]).toEqual([false, true]);
      expect(await person.isSignedIn()).toBe(false);
      expect(await delivered(app, person.email, 'password-changed')).toHaveLength(1);
    },
  };
}

async function changeRequest(app: MortalApp): Promise<DoomedRequest> {
  const person = await app.member();
  const other = app.newAddress();
  return {
    status: 202,
    send: (dieAt) => person.post('/auth/email/change/request', { email: other }, dieAt),
    check: async (answer) => {
      const written = await person.events('email.change_requested');
      if (answer !== undefined) expect(written).toBe(1);
      const letters = await delivered(app, other);
      expect(letters.map(({ kind }) => kind)).toEqual(written === 1 ? ['change-email'] : []);
      expect(await delivered(app, person.email, 'email-changing')).toHaveLength(written);
      expect([await person.canSignIn(), await person.canSignIn(other)]).toEqual([true, false]);
      if (written === 0) return;
      await confirm(person, '/auth/email/change', only(letters), 204);
      expect([await person.canSignIn(), await person.canSignIn(other)]).toEqual([false, true]);
    },
  };
}

async function change(app: MortalApp): Promise<DoomedRequest> {
  const person = await app.member();
  const other = app.newAddress();
  expect((await person.post('/auth/email/change/request', { email: other })).status).toBe(202);
  const letter = only(await delivered(app, other));
  return {
    status: 204,
    send: (dieAt) => person.post('/auth/email/change', { token: letter.token }, dieAt),
    check: async (answer) => {
      const [old, moved] = [await person.canSignIn(), await person.canSignIn(other)];
      expect(old, 'either address, and not both').toBe(!moved);
      if (answer !== undefined) expect(moved).toBe(true);
      expect(await person.events('email.changed')).toBe(moved ? 1 : 0);
      expect(await delivered(app, person.email, 'email-changed')).toHaveLength(moved ? 1 : 0);
      await confirm(person, '/auth/email/change', letter, moved ? 400 : 204);
      expect([await person.canSignIn(), await person.canSignIn(other)]).toEqual([false, true]);
    },
  };
}

/**
 * A mail that kills its sender each time: it has come twice, and then it is given up, which the audit trail says. Without
 * that an application would send one mail for ever.
 */
export async function dieOfOneMail(app: MortalApp): Promise<void> {
  const person = await app.member();
  await app.settle();
  const givenUp = await app.count('auth_audit', "type = 'mail.failed'");
  const ask = (): Promise<Answer> => person.post('/auth/password/forgot', { email: person.email });
  expect(await app.dieAtEveryMail(person.email, ask)).toBe(2);
  await app.settle();
  expect(await app.count('auth_audit', "type = 'mail.failed'")).toBe(givenUp + 1);
  const letter = only(await delivered(app, person.email, 'reset-password'));
  await confirm(person, '/auth/password/reset', letter, 204, { password: NEW_PASSWORD });
}

async function delivered(app: MortalApp, address: string, kind?: MailKind): Promise<Mail[]> {
  await app.letClaimsLapse();
  await app.settle();
  return (await app.letters(address)).filter((letter) => kind === undefined || letter.kind === kind);
}

function only(letters: readonly Mail[]): Mail {
  expect(letters).toHaveLength(1);
  return letters[0]!;
}

async function confirm(person: Person, path: string, { token }: Mail, status: number, more = {}): Promise<void> {
  const answer = await person.post(path, { token, ...more });
  expect(answer.status, answer.text).toBe(status);
  if (status === 400) expect(answer.body.code).toBe('INVALID_TOKEN');
}

function knowsNew(person: Person): Promise<boolean> {
  return person.canSignIn(person.email, NEW_PASSWORD);
}
