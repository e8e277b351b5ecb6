import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { costOf, NO_COST, ONE_ROUND_TRIP, signedIn, SqlCounter } from '../sessions/kit.js';
import { ADAPTERS, type TestApp } from '../support/app.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import { asBearer, newFamily, refresh, refreshed, startTokens, type Family } from './kit.js';

let redis: PrivateRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

let app: TestApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

const ROTATION: readonly unknown[] = [
  'START TRANSACTION',
  expect.stringMatching(/^UPDATE "auth_sessions" SET "generation"/),
  'COMMIT',
];

/** Not what a script does on the server. */
const SENT_BY_US = /^(?:mget|set|del|evalsha|eval|getdel)$/;

describe.each(ADAPTERS)('on %s', (adapter) => {
  async function start(checking: 'session' | 'signature'): Promise<{ it: TestApp; sql: SqlCounter; clock: TestClock }> {
    const sql = new SqlCounter();
    const clock = new TestClock();
    app = await startTokens({
      adapter,
      clock,
      database: 'postgres',
      redisUrl: redis.url,
      auth: { tokens: { checking } },
      typeorm: { logger: sql, logging: ['query'] },
    });
    return { it: app, sql, clock };
  }

  const ask =
    (on: TestApp, { first }: Family, path = '/whoami') =>
    async () =>
      expect((await asBearer(on, first.access_token, path)).status).toBe(200);

  it('a bearer request that is checked by signature costs nothing, the first one included', async () => {
    const { it: on, sql } = await start('signature');
    const family = await newFamily(on);
    for (let times = 0; times < 3; times += 1) {
      expect(await costOf(redis.url, sql, ask(on, family))).toEqual(NO_COST);
      expect(await costOf(redis.url, sql, ask(on, family, '/notes'))).toEqual(NO_COST);
    }
    expect(await costOf(redis.url, sql, () => Promise.all(Array.from({ length: 10 }, ask(on, family))))).toEqual(
      NO_COST,
    );
  });

  it('a bearer request that is checked with its session costs one Redis command and no SQL', async () => {
    const { it: on, sql } = await start('session');
    const family = await newFamily(on);
    const first = await costOf(redis.url, sql, ask(on, family));
    expect(first.redis).toEqual(['mget', 'set', 'set']);
    expect(first.sql).toEqual([expect.stringMatching(/^SELECT/)]);
    for (let times = 0; times < 3; times += 1)
      expect(await costOf(redis.url, sql, ask(on, family))).toEqual(ONE_ROUND_TRIP);
    const ten = () => Promise.all(Array.from({ length: 10 }, ask(on, family)));
    expect(await costOf(redis.url, sql, ten)).toEqual({ redis: new Array<string>(10).fill('mget'), sql: [] });
  });

  it.each(['session', 'signature'] as const)(
    'with checking "%s" a token that is none costs nothing',
    async (checking) => {
      const { it: on, sql, clock } = await start(checking);
      const { first } = await newFamily(on);
      const forged = ['x', `${first.access_token}A`, first.access_token.slice(0, -4), first.refresh_token];
      const work = async () => {
        for (const token of forged) expect((await asBearer(on, token)).status).toBe(401);
      };
      expect(await costOf(redis.url, sql, work)).toEqual(NO_COST);
      clock.advance(15 * 60_000);
      const expired = async () => expect((await asBearer(on, first.access_token)).status).toBe(401);
      expect(await costOf(redis.url, sql, expired)).toEqual(NO_COST);
    },
  );

  it('a refresh costs one SQL statement, in a transaction of its own', async () => {
    const { it: on, sql } = await start('session');
    const family = await newFamily(on);
    let current = await refreshed(on, family.first);
    for (let times = 0; times < 3; times += 1) {
      const cost = await costOf(redis.url, sql, async () => (current = await refreshed(on, current)));
      expect(cost.sql).toEqual(ROTATION);
      // One look-up, and the limits of the address and of the session, which are scripts.
      expect(cost.redis.filter((name) => SENT_BY_US.test(name))).toEqual(['evalsha', 'evalsha', 'mget']);
    }
  });

  it('a refresh in the grace costs the statement that is lost and one query, and writes nothing', async () => {
    const { it: on, sql } = await start('session');
    const { first } = await newFamily(on);
    await refreshed(on, first);
    const cost = await costOf(redis.url, sql, () => refreshed(on, first));
    expect(cost.sql).toEqual([...ROTATION, expect.stringMatching(/^SELECT/)]);
  });

  it('revoking a session that has ended costs one query, and leaves the cache of the living to them', async () => {
    const { it: on, sql } = await start('session');
    const { person, first } = await newFamily(on);
    const browser = await signedIn(on, person);
    const revoke = async () => {
      for (const token of [first.refresh_token, first.access_token]) {
        expect((await on.client().post('/auth/token/revoke', { token })).status).toBe(200);
      }
    };
    await revoke();
    await browser.get('/whoami');
    const { sql: statements, redis: commands } = await costOf(redis.url, sql, revoke);
    expect(statements).toEqual(new Array(2).fill(expect.stringMatching(/^SELECT/)));
    // The limit of the address, in its script.
    expect(commands.filter((name) => SENT_BY_US.test(name) && name !== 'evalsha')).toEqual([]);
    const look = async () => expect((await browser.get('/whoami')).status).toBe(200);
    expect(await costOf(redis.url, sql, look)).toEqual(ONE_ROUND_TRIP);
  });

  it('a refresh token that is none, or of a session that has ended, costs no SQL', async () => {
    const { it: on, sql } = await start('session');
    const { person, first } = await newFamily(on);
    await on.get(Accounts).disable(person.userId);
    const refused = (token: string) => async () => expect((await refresh(on, token)).status).toBe(401);
    expect((await costOf(redis.url, sql, refused(`${first.refresh_token}A`))).sql).toEqual([]);
    await refused(first.refresh_token)();
    expect((await costOf(redis.url, sql, refused(first.refresh_token))).sql).toEqual([]);
  });
});
