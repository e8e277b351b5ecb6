import { describe, expect, it } from 'vitest';
import { Accounts, Sessions } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { RefreshTokens } from '../../lib/tokens/refresh-tokens.js';
import { Gate, newPerson, type Person } from '../sessions/kit.js';
import { PASSWORD, MARIADB_STACK, STACKS, type TestApp } from '../support/app.js';
import {
  DAY_MS,
  generationOf,
  familyLab,
  GRACE_MS,
  hooksOf,
  INVALID,
  newFamily,
  problemOf,
  refresh,
  refreshed,
  rowOf,
  setRow,
  usable,
} from './kit.js';

/** What ends a session without a word about reuse. */
const ENDINGS: readonly { what: string; make(app: TestApp, clock: TestClock, person: Person): Promise<unknown> }[] = [
  { what: 'revoked', make: (app, _clock, { userId }) => app.get(Sessions).revokeOthers(userId, '') },
  { what: 'past its idle end', make: async (_app, clock) => clock.advance(14 * DAY_MS) },
  {
    what: 'past its absolute end',
    make: async (app, clock, person) => {
      clock.advance(30 * DAY_MS);
      await setRow(app, person, { lastSeenAt: clock.now() });
    },
  },
  { what: 'of another epoch', make: (app, _clock, { userId }) => app.get(Sessions).revokeAll(userId) },
  {
    what: 'of an older password',
    make: (app, _clock, { userId }) => app.get(Accounts).setPassword(userId, `${PASSWORD} anew`),
  },
  { what: 'of a disabled account', make: (app, _clock, { userId }) => app.get(Accounts).disable(userId) },
  {
    what: 'of an account that was disabled for a while',
    make: async (app, _clock, { userId }) => {
      await app.get(Accounts).disable(userId);
      await app.get(Accounts).enable(userId);
    },
  },
  { what: 'of a deleted account', make: (app, _clock, { userId }) => app.get(Accounts).delete(userId) },
];

describe.each([...STACKS, MARIADB_STACK])('a presented refresh token, on $database and $store', (stack) => {
  const lab = familyLab(stack);
  const { clock, warnings } = lab;

  describe('is not good, and no reuse,', () => {
    it('of a session that never was, or that has no tokens', async () => {
      const { person } = await newFamily(lab.app);
      const tokens = lab.app.get(RefreshTokens);
      const invented = tokens.write({ userId: person.userId, sid: 'A'.repeat(22), generation: 0 });
      expect(problemOf(await refresh(lab.app, invented))).toBe(INVALID);
      const other = await newPerson(lab.app);
      expect((await lab.app.client().signIn(other.email)).status).toBe(200);
      const { sid, generation } = await rowOf(lab.app, other);
      expect(generation).toBeNull();
      for (const claimed of [0, 1]) {
        const cookieSession = tokens.write({ userId: other.userId, sid, generation: claimed });
        expect(problemOf(await refresh(lab.app, cookieSession))).toBe(INVALID);
      }
      expect((await rowOf(lab.app, other)).revokedAt).toBeNull();
    });

    it('with another user, or another signature', async () => {
      const { first, person } = await newFamily(lab.app);
      const [user, sid, generation, kid, mac] = first.refresh_token.split('.') as [
        string,
        string,
        string,
        string,
        string,
      ];
      const elsewhere = (await newFamily(lab.app)).first.refresh_token.split('.')[0]!;
      const forged = [
        [elsewhere, sid, generation, kid, mac],
        [user, sid, '1', kid, mac],
        [user, sid, '00', kid, mac],
        [user, sid, generation, 'AAAAAAAA', mac],
        [user, sid, generation, kid, 'A'.repeat(43)],
        [user, sid, generation, kid, mac, ''],
      ].map((parts) => parts.join('.'));
      for (const token of [...forged, ' ', first.access_token, 'x'.repeat(10_000)]) {
        expect(problemOf(await refresh(lab.app, token)), token).toBe(INVALID);
      }
      expect((await rowOf(lab.app, person)).generation).toBe(0);
      expect(await usable(lab.app, first)).toBe(true);
    });

    it.each(ENDINGS)('of a session that is $what', async ({ make }) => {
      const { person, first } = await newFamily(lab.app);
      const second = await refreshed(lab.app, first);
      const before = await lab.app.dataSource.query('SELECT generation FROM auth_sessions ORDER BY id');
      await make(lab.app, clock, person);
      // The current, the one in its grace and what would be reuse: whatever it is, the session is over.
      for (const token of [second.refresh_token, first.refresh_token]) {
        expect(problemOf(await refresh(lab.app, token))).toBe(INVALID);
      }
      clock.advance(GRACE_MS + 1);
      expect(problemOf(await refresh(lab.app, first.refresh_token))).toBe(INVALID);
      expect(warnings.taken()).toEqual([]);
      const after = await lab.app.dataSource.query('SELECT generation FROM auth_sessions ORDER BY id');
      expect(before).toEqual(expect.arrayContaining(after as object[]));
    });

    it.each(ENDINGS)('of a session that is $what when it comes to the statement', async ({ make }) => {
      const { person, first } = await newFamily(lab.app);
      const gate = new Gate();
      hooksOf(lab.app).veto = () => gate.pass();
      const answer = refresh(lab.app, first.refresh_token);
      // A refresh that never comes to the gate: better its answer than a test that hangs.
      await Promise.race([gate.reached, answer]);
      await make(lab.app, clock, person);
      gate.open();
      expect(problemOf(await answer)).toBe(INVALID);
      const rows = await lab.app.dataSource.query(
        `SELECT generation FROM auth_sessions WHERE user_id = '${person.userId}' AND generation > 0`,
      );
      expect(rows).toEqual([]);
      expect(warnings.taken()).toEqual([]);
    });
  });

  it('ahead of its session is refused and noted, and the session goes on', async () => {
    const { person, first } = await newFamily(lab.app);
    const second = await refreshed(lab.app, first);
    const third = await refreshed(lab.app, second);
    await setRow(lab.app, person, { generation: 0, rotatedAt: null });
    expect(problemOf(await refresh(lab.app, third.refresh_token))).toBe(INVALID);
    expect(warnings.taken()).toEqual([expect.stringContaining('ahead of its session')]);
    expect(await rowOf(lab.app, person)).toMatchObject({ generation: 0, revokedAt: null });
    expect(await usable(lab.app, third)).toBe(true);
    expect(generationOf((await refreshed(lab.app, first)).refresh_token)).toBe(1);
  });
});
