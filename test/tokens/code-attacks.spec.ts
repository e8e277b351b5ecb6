import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Accounts, Sessions } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { Gate, newPerson, signedIn } from '../sessions/kit.js';
import { STACKS, type TestApp } from '../support/app.js';
import { askCode, codeIn, codeOf, redeem, SPENT, startCodes } from './code-lab.js';
import {
  asBearer,
  DAY_MS,
  hooksOf,
  INVALID,
  newFamily,
  problemOf,
  refresh,
  refreshed,
  SCOPES,
  tokensOf,
  usable,
  type TokenSet,
} from './kit.js';

describe.each(STACKS)('attacks by a one-time code on $database and $store', (stack) => {
  let app: TestApp;
  const clock = new TestClock();
  beforeAll(async () => {
    app = await startCodes({ ...stack, clock });
  });
  afterAll(() => app.close());
  beforeEach(() => hooksOf(app).reset());

  const liveSessions = async (userId: string): Promise<string[]> =>
    (await app.get(Sessions).list(userId)).items.map(({ id }) => id);

  it('begin no session when the one that asked ends while the application is asked for its veto', async () => {
    const person = await newPerson(app);
    const thief = await signedIn(app, person);
    const owner = await signedIn(app, person);
    const code = await codeOf(thief);
    const gate = new Gate();
    hooksOf(app).veto = () => gate.pass();
    const answer = redeem(app, code);
    await Promise.race([gate.reached, answer]);
    expect((await owner.delete('/auth/sessions?keepCurrent=true')).body).toEqual({ revoked: 1 });
    gate.open();
    expect(problemOf(await answer)).toBe(SPENT);
    expect(await liveSessions(person.userId)).toEqual([(await owner.get('/whoami')).body.sessionId]);
  });

  it('begin nothing when the code comes a second time while the first is on its way', async () => {
    const person = await newPerson(app);
    const browser = await signedIn(app, person);
    const code = await codeOf(browser);
    const gate = new Gate();
    hooksOf(app).veto = () => gate.pass();
    const first = redeem(app, code);
    await Promise.race([gate.reached, first]);
    expect(problemOf(await redeem(app, code))).toBe(SPENT);
    gate.open();
    expect(problemOf(await first)).toBe(SPENT);
    expect(await liveSessions(person.userId)).toEqual([(await browser.get('/whoami')).body.sessionId]);
  });

  it('prolong no sign-in: a chain of codes ends thirty days after the password', async () => {
    const person = await newPerson(app);
    let held: TokenSet = await tokensOf(app, person, { scope: 'notes:read' });
    const [signedInAt, proven] = [clock.now(), (await asBearer(app, held.access_token)).body.authenticatedAt];
    for (let day = 10; day < 30; day += 10) {
      const { status, body } = await redeem(app, codeIn(await askCode(app, held)));
      expect(status).toBe(200);
      clock.advance(10 * DAY_MS);
      held = await refreshed(app, body);
      expect((await asBearer(app, held.access_token)).body.authenticatedAt).toBe(proven);
    }
    const { body: last } = await redeem(app, codeIn(await askCode(app, held)));
    clock.advance(signedInAt + 30 * DAY_MS - 30_000 - clock.now());
    const late = await refreshed(app, last);
    expect(late.expires_in).toBeLessThanOrEqual(30);
    const { body: latest } = await redeem(app, codeIn(await askCode(app, late)));
    expect(latest.expires_in).toBeLessThanOrEqual(30);
    clock.advance(30_000);
    for (const { refresh_token } of [last, late, latest])
      expect(problemOf(await refresh(app, refresh_token))).toBe(INVALID);
    for (const tokens of [late, latest]) expect(await usable(app, tokens)).toBe(false);
    expect(await liveSessions(person.userId)).toEqual([]);
  });
});

describe('a code of a token without scopes', () => {
  it('stays without scopes when its owner is assigned a role meanwhile', async () => {
    const app = await startCodes({ auth: { tokens: { scopes: { 'notes:write': SCOPES['notes:write'] } } } });
    try {
      const { person, first } = await newFamily(app);
      expect(first.scope).toBe('');
      const code = codeIn(await askCode(app, first));
      await app.get(Accounts).assignRole(person.userId, 'editor');
      const { status, body } = await redeem(app, code);
      expect([status, body.scope]).toEqual([200, '']);
      expect((await asBearer(app, body.access_token)).body).toMatchObject({ roles: ['editor'], scopes: [] });
      // Nor after a refresh; while a sign-in of its own would have it.
      expect((await refreshed(app, body)).scope).toBe('');
      expect((await tokensOf(app, person)).scope).toBe('notes:write');
    } finally {
      await app.close();
    }
  });
});
