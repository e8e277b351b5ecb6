import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Person } from '../sessions/kit.js';
import { PASSWORD, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { mariadbUrl, postgresUrl } from '../support/services.js';
import {
  asBearer,
  askToken,
  generationOf,
  newFamily,
  problemOf,
  refresh,
  refreshed,
  rowOf,
  startTokens,
  usable,
  type TokenSet,
} from '../tokens/kit.js';
import { Wire } from './wire.js';

const UNAVAILABLE = '503 temporarily_unavailable STORE_UNAVAILABLE';
/** The deadline of the database is 1 s; what is left is the machine's. */
const DEADLINE_MS = 2_500;

describe.each([
  { database: 'PostgreSQL', newUrl: postgresUrl },
  { database: 'MariaDB', newUrl: mariadbUrl },
])('$database fails under an application that gives tokens', ({ newUrl }) => {
  const wire = new Wire();
  let target: string;
  let app: TestApp;

  beforeAll(async () => {
    target = await newUrl();
    await wire.open(target);
    app = await startTokens({
      databaseUrl: wire.url,
      auth: { database: { timeout: '1s' }, rateLimits: { multiplier: 1_000 } },
    });
  });
  afterAll(async () => {
    // A wire that a failed test has left clogged would hold up the application's end.
    wire.clogged = false;
    await wire.cut();
    await wire.open(target);
    await app.close();
    await wire.cut();
  });

  async function inTime(call: () => Promise<Answer>): Promise<Answer> {
    const begun = performance.now();
    const answer = await call();
    expect(performance.now() - begun).toBeLessThan(DEADLINE_MS);
    return answer;
  }

  async function refused(call: () => Promise<Answer>): Promise<Answer> {
    const answer = await inTime(call);
    expect(answer.body).toMatchObject({ statusCode: 503, code: 'STORE_UNAVAILABLE' });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(answer.headers.get('cache-control')).toContain('no-store');
    expect(answer.setCookies).toEqual([]);
    return answer;
  }

  /** Until the database answers again: what a client does that is told to try again. */
  async function recovered<T>(call: () => Promise<Answer>): Promise<T> {
    for (const begun = performance.now(); ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const { status, body } = await call();
      if (status === 200) return body as T;
      expect(status).toBe(503);
      expect(performance.now() - begun).toBeLessThan(5_000);
    }
  }

  const signIn = ({ email }: Person): Promise<Answer> =>
    askToken(app, { grant_type: 'password', username: email, password: PASSWORD });

  const sessionsOf = async ({ userId }: Person): Promise<number> => {
    const [{ n }] = await app.dataSource.query(`SELECT count(*) AS n FROM auth_sessions WHERE user_id = '${userId}'`);
    return Number(n);
  };

  const FAILURES = [
    {
      how: 'gone',
      fail: () => wire.cut(),
      mend: () => wire.open(target),
    },
    {
      how: 'silent',
      fail: async () => void (wire.clogged = true),
      mend: async () => {
        await wire.cut();
        wire.clogged = false;
        await wire.open(target);
      },
    },
  ] as const;

  it.each(FAILURES)(
    '$how: 503 in time, no half state, and the same tokens are good afterwards',
    async ({ fail, mend }) => {
      // In the cache, not in the cache, and in its grace.
      const [warm, cold, rotated] = [await newFamily(app), await newFamily(app), await newFamily(app)];
      expect(await usable(app, warm.first)).toBe(true);
      const successor = await refreshed(app, rotated.first);
      const families = [warm, cold, rotated];
      await fail();
      const answers = await Promise.all([
        refused(() => signIn(warm.person)),
        ...families.map(({ first }) => refused(() => refresh(app, first.refresh_token))),
        refused(() => asBearer(app, cold.first.access_token)),
      ]);
      expect(answers.slice(0, 4).map(problemOf)).toEqual(new Array(4).fill(UNAVAILABLE));
      // What is in the cache needs no database.
      expect((await inTime(() => asBearer(app, warm.first.access_token))).status).toBe(200);
      await mend();

      for (const { first, person } of [warm, cold]) {
        const second = await recovered<TokenSet>(() => refresh(app, first.refresh_token));
        expect(generationOf(second.refresh_token)).toBe(1);
        expect(await rowOf(app, person)).toMatchObject({ generation: 1, revokedAt: null });
        for (const tokens of [first, second]) expect(await usable(app, tokens)).toBe(true);
      }
      expect((await refreshed(app, rotated.first)).refresh_token).toBe(successor.refresh_token);
      for (const { person } of families) expect(await sessionsOf(person)).toBe(1);
      expect((await signIn(warm.person)).status).toBe(200);
      expect(await sessionsOf(warm.person)).toBe(2);
    },
  );

  it('silent amid twenty refreshes: each is answered, and no retry is taken for theft', async () => {
    const families = await Promise.all(Array.from({ length: 20 }, () => newFamily(app)));
    const answers = families.map(({ first }) => refresh(app, first.refresh_token));
    await new Promise((resolve) => setTimeout(resolve, 10));
    await FAILURES[1].fail();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    await FAILURES[1].mend();
    for (const { first, person } of families) {
      const second = await recovered<TokenSet>(() => refresh(app, first.refresh_token));
      expect(generationOf(second.refresh_token)).toBe(1);
      expect(await usable(app, second)).toBe(true);
      expect(await rowOf(app, person)).toMatchObject({ generation: 1, revokedAt: null });
    }
  });
});
