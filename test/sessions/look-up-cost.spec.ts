import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import { costOf, newPerson, NO_COST, ONE_ROUND_TRIP, signedIn, SqlCounter, WhoController } from './kit.js';

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

describe.each(ADAPTERS)('a guarded request on %s', (adapter) => {
  async function start(): Promise<{ clock: TestClock; sql: SqlCounter; browser: Client; userId: string; it: TestApp }> {
    const clock = new TestClock();
    const sql = new SqlCounter();
    app = await startApp({
      adapter,
      clock,
      database: 'postgres',
      redisUrl: redis.url,
      controllers: [WhoController],
      typeorm: { logger: sql, logging: ['query'] },
    });
    // So that the other one may be disabled.
    await newPerson(app, ['admin']);
    const person = await newPerson(app, ['admin']);
    return { clock, sql, browser: await signedIn(app, person), userId: person.userId, it: app };
  }

  const ask = (browser: Client) => async () => {
    expect((await browser.get('/whoami')).status).toBe(200);
  };

  it('with a live session costs one Redis command and no SQL', async () => {
    const { sql, browser } = await start();
    await browser.get('/whoami');
    for (let times = 0; times < 3; times += 1)
      expect(await costOf(redis.url, sql, ask(browser))).toEqual(ONE_ROUND_TRIP);
    const write = () => browser.post('/notes', {}).then(({ status }) => expect(status).toBe(201));
    expect(await costOf(redis.url, sql, write)).toEqual(ONE_ROUND_TRIP);
    const ten = () => Promise.all(Array.from({ length: 10 }, ask(browser)));
    expect(await costOf(redis.url, sql, ten)).toEqual({ redis: new Array<string>(10).fill('mget'), sql: [] });
  });

  it('without a cookie, or with one that is not ours, costs nothing', async () => {
    const { sql, browser } = await start();
    const genuine = browser.cookies.get('auth_session')!;
    const forged = [undefined, 'x', '', 'a.b.c.d', genuine.slice(0, -1), genuine.slice(1), `${genuine}A`].map(
      (value) => (value === undefined ? {} : { cookie: `auth_session=${value}` }),
    );
    const work = async () => {
      for (const headers of forged) {
        const answer = await browser.get('/whoami', { headers: { cookie: 'theme=dark', ...headers } });
        expect(answer.status).toBe(401);
      }
    };
    expect(await costOf(redis.url, sql, work)).toEqual(NO_COST);
  });

  it('costs one query on a miss, and one update a minute at most', async () => {
    const { clock, sql, browser } = await start();
    const first = await costOf(redis.url, sql, ask(browser));
    expect(first.redis).toEqual(['mget', 'set', 'set']);
    expect(first.sql).toEqual([expect.stringMatching(/^SELECT/)]);
    expect(await costOf(redis.url, sql, ask(browser))).toEqual(ONE_ROUND_TRIP);

    clock.advance(59_999);
    expect(await costOf(redis.url, sql, ask(browser))).toEqual(ONE_ROUND_TRIP);
    clock.advance(2);
    const second = await costOf(redis.url, sql, ask(browser));
    expect(second.redis).toEqual(['mget', 'set']);
    expect(second.sql).toEqual([
      expect.stringMatching(/^SELECT/),
      expect.stringMatching(/^UPDATE "auth_sessions" SET "last_seen_at"/),
    ]);
    expect(await costOf(redis.url, sql, ask(browser))).toEqual(ONE_ROUND_TRIP);
  });

  it('with a session that has ended costs no more than with a live one', async () => {
    const { sql, browser, userId, it: running } = await start();
    await running.get(Accounts).disable(userId);
    const refused = async () => expect((await browser.get('/whoami')).status).toBe(401);
    expect((await costOf(redis.url, sql, refused)).sql).toEqual([expect.stringMatching(/^SELECT/)]);
    for (let times = 0; times < 3; times += 1) expect(await costOf(redis.url, sql, refused)).toEqual(ONE_ROUND_TRIP);
  });
});
