import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Accounts, Clock, Sessions } from '../../lib/index.js';
import { Database } from '../../lib/database/database.js';
import { TestClock } from '../../lib/testing/index.js';
import { RefreshTokens } from '../../lib/tokens/refresh-tokens.js';
import { TokenFamilies } from '../../lib/tokens/token-families.service.js';
import { Gate, newPerson, type Person } from '../sessions/kit.js';
import { PASSWORD, STACKS, type TestApp } from '../support/app.js';
import {
  asBearer,
  claimsOf,
  DAY_MS,
  generationOf,
  GRACE_MS,
  hooksOf,
  INVALID,
  newFamily,
  problemOf,
  refresh,
  refreshed,
  rowOf,
  setRow,
  startTokens,
  usable,
  Warnings,
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

/** A family whose rotation is lost every time: somebody else is always faster. */
class LostFamilies extends TokenFamilies {
  static tries = 0;

  override rotate(): Promise<boolean> {
    LostFamilies.tries += 1;
    return Promise.resolve(false);
  }
}

describe.each(STACKS)('a presented refresh token, on $database and $store', (stack) => {
  let app: TestApp;
  const clock = new TestClock();
  const warnings = new Warnings();
  beforeAll(async () => {
    app = await startTokens({ ...stack, clock, logger: warnings, auth: { rateLimits: { multiplier: 1_000 } } });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    hooksOf(app).reset();
    warnings.taken();
  });

  describe('is not good, and no reuse,', () => {
    it('of a session that never was, or that has no tokens', async () => {
      const { person } = await newFamily(app);
      const tokens = app.get(RefreshTokens);
      const invented = tokens.write({ userId: person.userId, sid: 'A'.repeat(22), generation: 0 });
      expect(problemOf(await refresh(app, invented))).toBe(INVALID);
      const other = await newPerson(app);
      expect((await app.client().signIn(other.email)).status).toBe(200);
      const { sid, generation } = await rowOf(app, other);
      expect(generation).toBeNull();
      for (const claimed of [0, 1]) {
        const cookieSession = tokens.write({ userId: other.userId, sid, generation: claimed });
        expect(problemOf(await refresh(app, cookieSession))).toBe(INVALID);
      }
      expect((await rowOf(app, other)).revokedAt).toBeNull();
    });

    it('with another user, or another signature', async () => {
      const { first, person } = await newFamily(app);
      const [user, sid, generation, kid, mac] = first.refresh_token.split('.') as [
        string,
        string,
        string,
        string,
        string,
      ];
      const elsewhere = (await newFamily(app)).first.refresh_token.split('.')[0]!;
      const forged = [
        [elsewhere, sid, generation, kid, mac],
        [user, sid, '1', kid, mac],
        [user, sid, '00', kid, mac],
        [user, sid, generation, 'AAAAAAAA', mac],
        [user, sid, generation, kid, 'A'.repeat(43)],
        [user, sid, generation, kid, mac, ''],
      ].map((parts) => parts.join('.'));
      for (const token of [...forged, ' ', first.access_token, 'x'.repeat(10_000)]) {
        expect(problemOf(await refresh(app, token)), token).toBe(INVALID);
      }
      expect((await rowOf(app, person)).generation).toBe(0);
      expect(await usable(app, first)).toBe(true);
    });

    it.each(ENDINGS)('of a session that is $what', async ({ make }) => {
      const { person, first } = await newFamily(app);
      const second = await refreshed(app, first);
      const before = await app.dataSource.query('SELECT generation FROM auth_sessions ORDER BY id');
      await make(app, clock, person);
      // The current, the one in its grace and what would be reuse: whatever it is, the session is over.
      for (const token of [second.refresh_token, first.refresh_token]) {
        expect(problemOf(await refresh(app, token))).toBe(INVALID);
      }
      clock.advance(GRACE_MS + 1);
      expect(problemOf(await refresh(app, first.refresh_token))).toBe(INVALID);
      expect(warnings.taken()).toEqual([]);
      const after = await app.dataSource.query('SELECT generation FROM auth_sessions ORDER BY id');
      expect(before).toEqual(expect.arrayContaining(after as object[]));
    });

    it.each(ENDINGS)('of a session that is $what when it comes to the statement', async ({ make }) => {
      const { person, first } = await newFamily(app);
      const gate = new Gate();
      hooksOf(app).veto = () => gate.pass();
      const answer = refresh(app, first.refresh_token);
      // A refresh that never comes to the gate: better its answer than a test that hangs.
      await Promise.race([gate.reached, answer]);
      await make(app, clock, person);
      gate.open();
      expect(problemOf(await answer)).toBe(INVALID);
      const rows = await app.dataSource.query(
        `SELECT generation FROM auth_sessions WHERE user_id = '${person.userId}' AND generation > 0`,
      );
      expect(rows).toEqual([]);
      expect(warnings.taken()).toEqual([]);
    });
  });

  it('ahead of its session is refused and noted, and the session goes on', async () => {
    const { person, first } = await newFamily(app);
    const second = await refreshed(app, first);
    const third = await refreshed(app, second);
    await setRow(app, person, { generation: 0, rotatedAt: null });
    expect(problemOf(await refresh(app, third.refresh_token))).toBe(INVALID);
    expect(warnings.taken()).toEqual([expect.stringContaining('ahead of its session')]);
    expect(await rowOf(app, person)).toMatchObject({ generation: 0, revokedAt: null });
    expect(await usable(app, third)).toBe(true);
    expect(generationOf((await refreshed(app, first)).refresh_token)).toBe(1);
  });

  describe('that is current', () => {
    it('is answered with its successor, and uses the session', async () => {
      const { person, first } = await newFamily(app);
      clock.advance(DAY_MS);
      const { status, body } = await refresh(app, first.refresh_token);
      expect(status).toBe(200);
      expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'refresh_token', 'scope', 'token_type']);
      expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'notes:read' });
      expect(generationOf(body.refresh_token)).toBe(1);
      expect(await rowOf(app, person)).toMatchObject({
        generation: 1,
        rotatedAt: clock.now(),
        lastSeenAt: clock.now(),
      });
      expect(await usable(app, body)).toBe(true);
    });

    it('keeps when, how and how freshly its owner signed in', async () => {
      const { person, first } = await newFamily(app);
      const before = await rowOf(app, person);
      const said = claimsOf(first.access_token);
      clock.advance(DAY_MS);
      const second = await refreshed(app, first);
      const { authenticatedAt, freshUntil, methods, expiresAt, sid, id } = await rowOf(app, person);
      expect({ authenticatedAt, freshUntil, methods, expiresAt, sid, id }).toEqual({
        authenticatedAt: before.authenticatedAt,
        freshUntil: before.freshUntil,
        methods: before.methods,
        expiresAt: before.expiresAt,
        sid: before.sid,
        id: before.id,
      });
      const { auth_time, amr, sid: claimed, session, sub } = claimsOf(second.access_token);
      expect({ auth_time, amr, sid: claimed, session, sub }).toEqual({
        auth_time: said['auth_time'],
        amr: said['amr'],
        sid: said['sid'],
        session: said['session'],
        sub: said['sub'],
      });
      expect((await asBearer(app, second.access_token, '/vault', 'POST')).body.code).toBe('REAUTHENTICATION_REQUIRED');
    });

    it('needs no access token, nor minds one that has expired or is none', async () => {
      const { first } = await newFamily(app);
      clock.advance(DAY_MS);
      expect(await usable(app, first)).toBe(false);
      let current = first;
      for (const authorization of [undefined, `Bearer ${first.access_token}`, 'Bearer nonsense', 'Basic eDp5']) {
        const answer = await app
          .client()
          .post(
            '/auth/token/refresh',
            { refresh_token: current.refresh_token },
            authorization === undefined ? {} : { headers: { authorization } },
          );
        expect(answer.status, authorization).toBe(200);
        current = answer.body;
      }
      expect(generationOf(current.refresh_token)).toBe(4);
    });

    it('gives access tokens that end with the session at the latest', async () => {
      const { person, first } = await newFamily(app);
      const { expiresAt } = await rowOf(app, person);
      let current = first;
      while (expiresAt - clock.now() > 10 * DAY_MS) {
        clock.advance(9 * DAY_MS);
        current = await refreshed(app, current);
      }
      clock.advance(expiresAt - clock.now() - 60_500);
      current = await refreshed(app, current);
      expect(current.expires_in).toBeLessThanOrEqual(61);
      expect(Number(claimsOf(current.access_token)['exp']) * 1_000).toBeLessThanOrEqual(expiresAt);
      expect(await usable(app, current)).toBe(true);
      clock.advance(60_500);
      expect(await usable(app, current)).toBe(false);
      expect(problemOf(await refresh(app, current.refresh_token))).toBe(INVALID);
    });

    it('goes on to be good when it was used moments before its idle end', async () => {
      const { first } = await newFamily(app);
      clock.advance(14 * DAY_MS - 30_000);
      const second = await refreshed(app, first);
      clock.advance(31_000);
      expect(await usable(app, second)).toBe(true);
      expect(generationOf((await refreshed(app, second)).refresh_token)).toBe(2);
    });

    it('is tried three times when somebody else is always faster', async () => {
      const families = app.get(TokenFamilies);
      const lost = new LostFamilies(app.get(Database), app.get(Clock));
      const { person, first } = await newFamily(app);
      LostFamilies.tries = 0;
      const rotate = families.rotate.bind(families);
      families.rotate = lost.rotate.bind(lost);
      try {
        const answer = await refresh(app, first.refresh_token);
        expect(problemOf(answer)).toBe('503 temporarily_unavailable STORE_UNAVAILABLE');
        expect(answer.headers.get('retry-after')).toBe('1');
      } finally {
        families.rotate = rotate;
      }
      expect(LostFamilies.tries).toBe(4);
      expect(await rowOf(app, person)).toMatchObject({ generation: 0, revokedAt: null });
      expect(generationOf((await refreshed(app, first)).refresh_token)).toBe(1);
    });

    it('is decided again when somebody else was faster', async () => {
      const { person, first } = await newFamily(app);
      const gates = [new Gate(), new Gate()];
      const waiting = [...gates];
      hooksOf(app).veto = () => waiting.shift()?.pass();
      const answers = [refresh(app, first.refresh_token), refresh(app, first.refresh_token)];
      await Promise.race([Promise.all(gates.map(({ reached }) => reached)), Promise.all(answers)]);
      for (const gate of gates) gate.open();
      const bodies = (await Promise.all(answers)).map(({ status, body }) => [status, body.refresh_token]);
      expect(bodies[0]).toEqual(bodies[1]);
      expect(bodies[0]![0]).toBe(200);
      expect((await rowOf(app, person)).generation).toBe(1);
    });
  });
});
