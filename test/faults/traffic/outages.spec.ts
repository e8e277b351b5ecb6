import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../../lib/database/database.js';
import { until, withRedis } from '../../sessions/kit.js';
import { startTokens, TokenRoutes } from '../../tokens/kit.js';
import { ADAPTERS, type TestApp } from '../../support/app.js';
import type { Client } from '../../support/client.js';
import { startPostgres, type PrivatePostgres } from '../../support/postgres-server.js';
import { startRedis, type PrivateRedis } from '../../support/redis-server.js';
import { copyOf, isGood, Traffic, type Kind } from './traffic.js';

/** 600 ms for a command and 1 s for the database; what is left is the machine's. */
const DEADLINE_MS = 2_500;
const RECOVERY_MS = 5_000;
const CALM_MS = 300;
const OUTAGE_MS = 1_200;

/** One application on each adapter, on one database and one store. */
describe('an outage under traffic', () => {
  let postgres: PrivatePostgres;
  let redis: PrivateRedis;
  const apps: TestApp[] = [];
  let traffic: Traffic | undefined;

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    for (const adapter of ADAPTERS) {
      apps.push(
        await startTokens({
          adapter,
          databaseUrl: postgres.url,
          controllers: [TokenRoutes],
          auth: {
            database: { timeout: '1s' },
            redis: { url: redis.url, commandTimeout: '600ms' },
            rateLimits: { multiplier: 1_000_000 },
          },
        }),
      );
    }
  });
  afterEach(() => traffic?.stop());
  afterAll(async () => {
    for (const app of apps) await app.close();
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  const redisSays = (...command: readonly string[]): Promise<unknown> =>
    withRedis(redis.url, (client) => client.sendCommand([...command]));

  /** Somebody with a session that both applications have seen. */
  async function browser(): Promise<Client> {
    const client = apps[0]!.client();
    const email = `leaving-${crypto.randomUUID()}@example.com`;
    await client.register(email);
    expect((await client.signIn(email)).status).toBe(200);
    for (const app of apps) expect((await copyOf(app, client).get('/notes')).status).toBe(200);
    return client;
  }

  const goodAfter = (kind: Kind, app: number, moment: number): boolean =>
    traffic!.samples.some(
      (sample) => sample.kind === kind && sample.app === app && sample.at > moment && isGood(sample),
    );

  /** Everything works again on both, and nothing that was said in the meantime was wrong. */
  async function recovers(): Promise<void> {
    const mended = performance.now();
    const kinds: readonly Kind[] = ['sign-in', 'cookie', 'bearer', 'refresh', 'revoke', 'revoked'];
    const waiting = (): string[] =>
      apps.flatMap((_, app) =>
        kinds.filter((kind) => !goodAfter(kind, app, mended)).map((kind) => `${kind} on ${app}`),
      );
    await expect.poll(waiting, { timeout: RECOVERY_MS, interval: 25 }).toEqual([]);
    await delay(CALM_MS);
    await traffic!.stop();
    const wrong = traffic!.samples.filter((sample) => !isGood(sample) && sample.status !== 503);
    expect(wrong).toEqual([]);
    const refused = traffic!.samples.filter(({ status }) => status === 503);
    expect(refused.filter(({ code, retryAfter }) => code !== 'STORE_UNAVAILABLE' || retryAfter < 1)).toEqual([]);
    expect(traffic!.samples.filter(({ ms }) => ms > DEADLINE_MS)).toEqual([]);
    for (const app of apps.keys()) expect(refused.some((sample) => sample.app === app)).toBe(true);
  }

  /** A session that ends while the outage goes on, as far as one can end then, and again afterwards. */
  async function under(happening: () => Promise<unknown> | void, mend: () => Promise<unknown> | void): Promise<void> {
    const leaving = await browser();
    traffic = await Traffic.start(apps);
    await delay(CALM_MS);
    expect(traffic.samples.filter((sample) => !isGood(sample))).toEqual([]);
    await happening();
    await delay(OUTAGE_MS / 4);
    const { status } = await copyOf(apps[1]!, leaving).post('/auth/logout');
    expect(status).toBe(503);
    await delay((OUTAGE_MS * 3) / 4);
    await mend();
    await recovers();
    // 503 says: ask again. What was committed all the same is seen without.
    const [row] = await apps[0]!.dataSource.query(
      'SELECT count(*)::int AS n FROM auth_sessions WHERE revoked_at IS NULL AND user_id = (SELECT user_id FROM auth_sessions WHERE sid = $1)',
      [sidOf(leaving)],
    );
    if (row.n === 1) expect((await copyOf(apps[1]!, leaving).post('/auth/logout')).status).toBe(204);
    for (const app of apps) {
      await expect.poll(async () => (await copyOf(app, leaving).get('/notes')).status, { timeout: 5_000 }).toBe(401);
    }
  }

  it('Redis killed and run again, empty', async () => {
    await under(
      () => redis.stop(),
      () => redis.restart(),
    );
  });

  it('Redis hung', async () => {
    await under(
      () => redis.pause(),
      () => redis.resume(),
    );
  });

  it('Redis restarted empty at once', async () => {
    const leaving = await browser();
    traffic = await Traffic.start(apps);
    expect((await copyOf(apps[1]!, leaving).post('/auth/logout')).status).toBe(204);
    await redis.restart();
    for (const app of apps) {
      const statuses = new Set<number>();
      await expect
        .poll(async () => {
          const { status } = await copyOf(app, leaving).get('/notes');
          statuses.add(status);
          return status;
        })
        .toBe(401);
      expect([...statuses].filter((status) => status !== 401 && status !== 503)).toEqual([]);
    }
    await recovers();
  });

  it('Redis a replica that has lost its master, and so read-only', async () => {
    await under(
      () => redisSays('REPLICAOF', '127.0.0.1', '1'),
      () => redisSays('REPLICAOF', 'NO', 'ONE'),
    );
  });

  it('Redis without the replicas that it wants to write', async () => {
    await under(
      () => redisSays('CONFIG', 'SET', 'min-replicas-to-write', '1'),
      () => redisSays('CONFIG', 'SET', 'min-replicas-to-write', '0'),
    );
  });

  it('a connection that is lost between two statements is a database that cannot be reached', async () => {
    const database = apps[0]!.get(Database);
    const lost = database.write(async (manager) => {
      const [{ pid }] = await manager.query('SELECT pg_backend_pid() AS pid');
      await apps[0]!.dataSource.query('SELECT pg_terminate_backend($1)', [pid]);
      await until(() => manager.queryRunner!.isReleased, 'the connection is not noticed to be lost');
      await manager.query('SELECT 1');
    });
    await expect(lost).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('PostgreSQL killed and run again', async () => {
    await under(
      () => postgres.kill(),
      () => postgres.restart(),
    );
  });
});

/** Of a session cookie, `U.sid.kid.MAC`. */
function sidOf(browser: Client): string {
  const cookie = [...browser.cookies].find(([name]) => name.includes('session'))?.[1] ?? '';
  return decodeURIComponent(cookie).split('.')[1] ?? '';
}
