import { describe, expect, it } from 'vitest';
import { Clock } from '../../lib/index.js';
import { Database } from '../../lib/database/database.js';
import { TokenFamilies } from '../../lib/tokens/token-families.service.js';
import { Gate } from '../sessions/kit.js';
import { MARIADB_STACK, STACKS } from '../support/app.js';
import {
  asBearer,
  claimsOf,
  DAY_MS,
  familyLab,
  generationOf,
  hooksOf,
  INVALID,
  newFamily,
  problemOf,
  refresh,
  refreshed,
  rowOf,
  usable,
} from './kit.js';

/** A family whose rotation is lost every time: somebody else is always faster. */
class LostFamilies extends TokenFamilies {
  static tries = 0;

  override rotate(): Promise<boolean> {
    LostFamilies.tries += 1;
    return Promise.resolve(false);
  }
}

describe.each([...STACKS, MARIADB_STACK])('the current refresh token, on $database and $store', (stack) => {
  const lab = familyLab(stack);
  const { clock } = lab;
  it('is answered with its successor, and uses the session', async () => {
    const { person, first } = await newFamily(lab.app);
    clock.advance(DAY_MS);
    const { status, body } = await refresh(lab.app, first.refresh_token);
    expect(status).toBe(200);
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'refresh_token', 'scope', 'token_type']);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'notes:read' });
    expect(generationOf(body.refresh_token)).toBe(1);
    expect(await rowOf(lab.app, person)).toMatchObject({
      generation: 1,
      rotatedAt: clock.now(),
      lastSeenAt: clock.now(),
    });
    expect(await usable(lab.app, body)).toBe(true);
  });

  it('keeps when, how and how freshly its owner signed in', async () => {
    const { person, first } = await newFamily(lab.app);
    const before = await rowOf(lab.app, person);
    const said = claimsOf(first.access_token);
    clock.advance(DAY_MS);
    const second = await refreshed(lab.app, first);
    const { authenticatedAt, freshUntil, methods, expiresAt, sid, id } = await rowOf(lab.app, person);
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
    expect((await asBearer(lab.app, second.access_token, '/vault', 'POST')).body.code).toBe(
      'REAUTHENTICATION_REQUIRED',
    );
  });

  it('needs no access token, nor minds one that has expired or is none', async () => {
    const { first } = await newFamily(lab.app);
    clock.advance(DAY_MS);
    expect(await usable(lab.app, first)).toBe(false);
    let current = first;
    for (const authorization of [undefined, `Bearer ${first.access_token}`, 'Bearer nonsense', 'Basic eDp5']) {
      const answer = await lab.app
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
    const { person, first } = await newFamily(lab.app);
    const { expiresAt } = await rowOf(lab.app, person);
    let current = first;
    while (expiresAt - clock.now() > 10 * DAY_MS) {
      clock.advance(9 * DAY_MS);
      current = await refreshed(lab.app, current);
    }
    clock.advance(expiresAt - clock.now() - 60_500);
    current = await refreshed(lab.app, current);
    expect(current.expires_in).toBeLessThanOrEqual(61);
    expect(Number(claimsOf(current.access_token)['exp']) * 1_000).toBeLessThanOrEqual(expiresAt);
    expect(await usable(lab.app, current)).toBe(true);
    clock.advance(60_500);
    expect(await usable(lab.app, current)).toBe(false);
    expect(problemOf(await refresh(lab.app, current.refresh_token))).toBe(INVALID);
  });

  it('goes on to be good when it was used moments before its idle end', async () => {
    const { first } = await newFamily(lab.app);
    clock.advance(14 * DAY_MS - 30_000);
    const second = await refreshed(lab.app, first);
    clock.advance(31_000);
    expect(await usable(lab.app, second)).toBe(true);
    expect(generationOf((await refreshed(lab.app, second)).refresh_token)).toBe(2);
  });

  it('is tried three times when somebody else is always faster', async () => {
    const families = lab.app.get(TokenFamilies);
    const lost = new LostFamilies(lab.app.get(Database), lab.app.get(Clock));
    const { person, first } = await newFamily(lab.app);
    LostFamilies.tries = 0;
    const rotate = families.rotate.bind(families);
    families.rotate = lost.rotate.bind(lost);
    try {
      const answer = await refresh(lab.app, first.refresh_token);
      expect(problemOf(answer)).toBe('503 temporarily_unavailable STORE_UNAVAILABLE');
      expect(answer.headers.get('retry-after')).toBe('1');
    } finally {
      families.rotate = rotate;
    }
    expect(LostFamilies.tries).toBe(4);
    expect(await rowOf(lab.app, person)).toMatchObject({ generation: 0, revokedAt: null });
    expect(generationOf((await refreshed(lab.app, first)).refresh_token)).toBe(1);
  });

  it('is decided again when somebody else was faster', async () => {
    const { person, first } = await newFamily(lab.app);
    const gates = [new Gate(), new Gate()];
    const waiting = [...gates];
    hooksOf(lab.app).veto = () => waiting.shift()?.pass();
    const answers = [refresh(lab.app, first.refresh_token), refresh(lab.app, first.refresh_token)];
    await Promise.race([Promise.all(gates.map(({ reached }) => reached)), Promise.all(answers)]);
    for (const gate of gates) gate.open();
    const bodies = (await Promise.all(answers)).map(({ status, body }) => [status, body.refresh_token]);
    expect(bodies[0]).toEqual(bodies[1]);
    expect(bodies[0]![0]).toBe(200);
    expect((await rowOf(lab.app, person)).generation).toBe(1);
  });
});
