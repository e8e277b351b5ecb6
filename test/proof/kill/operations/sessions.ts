import { expect } from 'vitest';
import type { DoomedRequest, Operations } from '../doomed.js';
import type { MortalApp } from '../mortal-app.js';
import type { Person } from '../person.js';

export const SESSION_OPERATIONS: Operations = {
  'a sign-out': signOut,
  'a revocation': revocation,
  'a revocation of all others': revocationOfOthers,
  'a disabled account': disabling,
};

async function signOut(app: MortalApp): Promise<DoomedRequest> {
  const person = await app.member();
  const thief = person.copy();
  expect(await thief.isSignedIn()).toBe(true);
  return {
    status: 204,
    send: (dieAt) => person.post('/auth/logout', {}, dieAt),
    check: async (answer) => {
      await endsAsItsRow(thief, answer !== undefined);
      expect((await thief.copy().post('/auth/logout', {})).status).toBe(204);
      expect(await thief.isSignedIn()).toBe(false);
      expect(await person.rows('auth_sessions', 'revoked_at IS NULL')).toBe(0);
      expect((await person.signIn()).status).toBe(200);
    },
  };
}

/** Refused from the first request on when it was acknowledged, and never when the row says otherwise. */
async function endsAsItsRow(person: Person, acknowledged: boolean): Promise<void> {
  const live = await person.rows('auth_sessions', 'revoked_at IS NULL');
  if (acknowledged) expect(live).toBe(0);
  expect(await person.isSignedIn()).toBe(live === 1);
}

async function revocation(app: MortalApp): Promise<DoomedRequest> {
  const { person, other } = await twoBrowsers(app);
  const { body } = await person.get('/auth/sessions');
  const { id } = body.items.find(({ current }: { current: boolean }) => !current);
  const path = `/auth/sessions/${id}`;
  return {
    status: 204,
    send: (dieAt) => person.call('DELETE', path, dieAt),
    check: async (answer) => {
      const live = await person.rows('auth_sessions', 'revoked_at IS NULL');
      if (answer !== undefined) expect(live).toBe(1);
      expect(await other.isSignedIn()).toBe(live === 2);
      expect([204, 404]).toContain((await person.call('DELETE', path)).status);
      expect([await person.isSignedIn(), await other.isSignedIn()]).toEqual([true, false]);
    },
  };
}

async function revocationOfOthers(app: MortalApp): Promise<DoomedRequest> {
  const { person, other } = await twoBrowsers(app);
  const path = '/auth/sessions?keepCurrent=true';
  return {
    status: 200,
    send: (dieAt) => person.call('DELETE', path, dieAt),
    check: async (answer) => {
      const ended = !(await other.isSignedIn());
      if (answer !== undefined) expect(ended).toBe(true);
      const again = person.elsewhere();
      // Whoever got no answer may have lost the renewed session with it.
      const by = (await person.isSignedIn()) ? person : again;
      if (by === again) expect((await again.signIn()).status).toBe(200);
      expect((await by.call('DELETE', path)).status).toBe(200);
      expect([await by.isSignedIn(), await other.isSignedIn()]).toEqual([true, false]);
    },
  };
}

async function twoBrowsers(app: MortalApp): Promise<{ readonly person: Person; readonly other: Person }> {
  const person = await app.member();
  const other = person.elsewhere();
  expect((await other.signIn()).status).toBe(200);
  for (const browser of [person, other]) expect(await browser.isSignedIn()).toBe(true);
  return { person, other };
}

async function disabling(app: MortalApp): Promise<DoomedRequest> {
  const administrator = await app.member('admin');
  const { person, other } = await twoBrowsers(app);
  const path = `/auth/admin/users/${String(await person.id())}`;
  return {
    status: 200,
    send: (dieAt) => administrator.call('PATCH', path, dieAt, { disabled: true }),
    check: async (answer) => {
      const disabled = await person.rows('auth_accounts', 'disabled_at IS NOT NULL');
      if (answer !== undefined) expect(disabled).toBe(1);
      for (const browser of [person, other]) expect(await browser.isSignedIn()).toBe(disabled === 0);
      expect(await person.canSignIn()).toBe(disabled === 0);
      expect((await administrator.call('PATCH', path, undefined, { disabled: true })).status).toBe(200);
      for (const browser of [person, other]) expect(await browser.isSignedIn()).toBe(false);
      expect(await person.canSignIn()).toBe(false);
    },
  };
}
