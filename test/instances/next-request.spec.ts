import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, Sessions } from '../../lib/index.js';
import { PASSWORD, startApp, type TestApp } from '../support/app.js';
import { CALLERS, newClerk, refreshAt, SHARED_STORES, startPair, tokensOf, type Pair, type Person } from './pair.js';

interface Change {
  readonly what: string;
  make(app: TestApp, person: Person): Promise<unknown>;
}

const ENDINGS: readonly Change[] = [
  {
    what: 'a revoked session',
    make: async (app, { userId }) => {
      const { items } = await app.get(Sessions).list(userId);
      await app.get(Sessions).revoke(userId, items[0]!.id);
    },
  },
  { what: 'a sign-out everywhere', make: (app, { userId }) => app.get(Sessions).revokeAll(userId) },
  { what: 'a disabled user', make: (app, { userId }) => app.get(Accounts).disable(userId) },
  { what: 'a deleted user', make: (app, { userId }) => app.get(Accounts).delete(userId) },
  { what: 'a new password', make: (app, { userId }) => app.get(Accounts).setPassword(userId, `${PASSWORD} anew`) },
];

describe.each(SHARED_STORES)('two instances over PostgreSQL and %s', (store) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair(store);
  }, 60_000);
  afterAll(() => pair.close());

  const directions = [
    { here: 'one', there: 'other' },
    { here: 'other', there: 'one' },
  ] as const;

  describe.each(directions)('changed at $here, asked at $there', ({ here, there }) => {
    describe.each(Object.entries(CALLERS))('%s', (_name, callerAt) => {
      it.each(ENDINGS)('$what is refused by the next request', async ({ make }) => {
        const person = await newClerk(pair);
        const caller = await callerAt(pair[there], person.email);
        for (const app of [pair.one, pair.other]) expect((await caller.read(app)).status).toBe(200);
        await make(pair[here], person);
        expect((await caller.read(pair[there])).status).toBe(401);
        expect((await caller.read(pair[here])).status).toBe(401);
      });

      it('a role that is taken away is missed by the next request', async () => {
        const person = await newClerk(pair);
        const caller = await callerAt(pair[there], person.email);
        expect((await caller.write(pair[there])).status).toBe(201);
        await pair[here].get(Accounts).removeRole(person.userId, 'clerk');
        expect((await caller.write(pair[there])).status).toBe(403);
        expect((await caller.read(pair[there])).body.roles).toEqual([]);
      });
    });

    it.each(ENDINGS)('$what ends the refresh token too', async ({ make }) => {
      const person = await newClerk(pair);
      const { refresh_token: token } = await tokensOf(pair[there], person.email);
      await make(pair[here], person);
      const answer = await refreshAt(pair[there], token);
      expect(answer.status).toBe(401);
      expect(answer.body).toMatchObject({ code: 'INVALID_REFRESH_TOKEN', error: 'invalid_grant' });
    });
  });

  it('a refresh token that was spent at one is reuse at the other, and ends what both handed out', async () => {
    const person = await newClerk(pair);
    const first = await tokensOf(pair.one, person.email);
    const second = (await refreshAt(pair.other, first.refresh_token)).body;
    const third = (await refreshAt(pair.one, second.refresh_token)).body;
    expect((await refreshAt(pair.other, first.refresh_token)).body.code).toBe('REFRESH_TOKEN_REUSED');
    for (const app of [pair.one, pair.other]) {
      expect((await refreshAt(app, third.refresh_token)).body.code).toBe('INVALID_REFRESH_TOKEN');
      const headers = { authorization: `Bearer ${third.access_token}` };
      expect((await app.client().get('/desk', { headers })).status).toBe(401);
    }
  });

  it('five wrong passwords split between them lock at both, and a fifth of them does not', async () => {
    const person = await newClerk(pair);
    const apps = [pair.one, pair.other];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const answer = await apps[attempt % 2]!.client().signIn(person.email, 'a wrong password altogether');
      expect(answer.status).toBe(401);
    }
    for (const app of apps) {
      const answer = await app.client().signIn(person.email);
      expect(answer.status).toBe(429);
      expect(answer.body.code).toBe('TOO_MANY_ATTEMPTS');
    }
  });

  it('thirty wrong passwords at once across both: five are looked at', async () => {
    const person = await newClerk(pair);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        (index % 2 === 0 ? pair.one : pair.other).client().signIn(person.email, 'a wrong password altogether'),
      ),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(25);
  });
});

it('with two instances and a memory each the application refuses to start', async () => {
  await expect(startApp({ auth: { instances: 2 } })).rejects.toThrow(/instances: 2 with state in the memory of each/);
});
