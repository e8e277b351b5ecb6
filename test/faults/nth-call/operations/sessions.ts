import { expect } from 'vitest';
import type { Operation, Operations } from '../operation.js';
import type { Person } from '../person.js';
import type { Run } from '../run.js';
import type { Stand } from '../stand.js';

const RECOVERY_MS = 6_000;

export const SESSION_OPERATIONS: Operations = { logout, 'revoke (session)': revoke };

/** Refused from the first request on when that was acknowledged, and in the end whenever the row says so. */
async function endsAsItsRow(person: Person, ended: boolean, acknowledged: boolean): Promise<void> {
  if (acknowledged) {
    expect(ended).toBe(true);
    expect(await person.isSignedIn()).toBe(false);
  }
  await expect.poll(() => person.isSignedIn(), { timeout: RECOVERY_MS, interval: 20 }).toBe(!ended);
}

async function logout(stand: Stand, run: Run): Promise<Operation> {
  const person = await stand.member(run);
  const thief = person.copy();
  expect(await thief.isSignedIn()).toBe(true);
  return {
    status: 204,
    send: () => person.post('/auth/logout'),
    check: async (acknowledged) => {
      await endsAsItsRow(thief, (await person.liveSessions()) === 0, acknowledged !== undefined);
      await thief.copy().sure('/auth/logout', {}, 204);
      expect([await thief.isSignedIn(), await person.liveSessions()]).toEqual([false, 0]);
      expect(await person.events('session.ended')).toBe(1);
      expect(await person.canSignIn()).toBe(true);
    },
  };
}

async function revoke(stand: Stand, run: Run): Promise<Operation> {
  const person = await stand.member(run);
  const other = await person.elsewhere().signedIn();
  for (const browser of [person, other]) expect(await browser.isSignedIn()).toBe(true);
  const { body } = await person.call('GET', '/auth/sessions');
  const { id } = body.items.find(({ current }: { current: boolean }) => !current);
  const path = `/auth/sessions/${id}`;
  return {
    status: 204,
    send: () => person.call('DELETE', path),
    check: async (acknowledged) => {
      await endsAsItsRow(other, (await person.liveSessions()) === 1, acknowledged !== undefined);
      expect([204, 404]).toContain((await person.surely(() => person.call('DELETE', path))).status);
      expect([await person.isSignedIn(), await other.isSignedIn()]).toEqual([true, false]);
      expect(await person.events('session.revoked')).toBe(1);
    },
  };
}
