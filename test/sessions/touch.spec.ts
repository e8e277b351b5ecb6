import { afterEach, describe, expect, it } from 'vitest';
import { DataSource, type QueryRunner } from 'typeorm';
import { TestClock } from '../../lib/testing/index.js';
import { DATABASES, serverOptions, startApp, type DatabaseKind, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import { newPerson, signedIn, SqlCounter, until, WhoController } from './kit.js';

const MINUTE_MS = 60_000;

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(database: DatabaseKind): Promise<{
  app: TestApp;
  clock: TestClock;
  sql: SqlCounter;
  browser: Client;
  row(): Promise<{ lastSeenAt: number; revokedAt: number | null }>;
}> {
  const clock = new TestClock();
  const sql = new SqlCounter();
  const app = await startApp({
    database,
    clock,
    controllers: [WhoController],
    typeorm: { logger: sql, logging: ['query'] },
  });
  running = app;
  const browser = await signedIn(app, await newPerson(app));
  const row = async () => {
    const [{ last_seen_at: seen, revoked_at: revoked }] = await app.dataSource.query(
      'SELECT last_seen_at, revoked_at FROM auth_sessions',
    );
    return { lastSeenAt: Number(seen), revokedAt: revoked === null ? null : Number(revoked) };
  };
  return { app, clock, sql, browser, row };
}

const isTouch = (statement: string): boolean => /^UPDATE ["`]auth_sessions["`] SET ["`]last_seen_at/.test(statement);

describe.each(DATABASES)('the time at which a session was last seen (%s)', (database) => {
  it('is written at most once a minute, however often the database is asked', async () => {
    const { clock, sql, browser, row } = await start(database);
    const begun = clock.now();
    sql.taken();
    // A sign-out without its token reads the session from the database each time.
    for (let times = 0; times < 48; times += 1) {
      expect((await browser.post('/auth/logout', {}, { csrf: false })).status).toBe(403);
      clock.advance(2_500);
    }
    expect(sql.taken().filter(isTouch)).toHaveLength(1);
    expect((await row()).lastSeenAt).toBe(begun + MINUTE_MS + 2_500);
  });

  it('keeps a session alive that is used once in 29 minutes', async () => {
    const { clock, browser, row } = await start(database);
    for (let times = 0; times < 5; times += 1) {
      clock.advance(29 * MINUTE_MS);
      expect((await browser.get('/whoami')).status).toBe(200);
      expect((await row()).lastSeenAt).toBe(clock.now());
    }
    clock.advance(30 * MINUTE_MS);
    expect((await browser.get('/whoami')).status).toBe(401);
    expect((await row()).lastSeenAt).toBe(clock.now() - 30 * MINUTE_MS);
  });

  it('is left as it is, and the request answered, when the database refuses the update', async () => {
    const { app, clock, browser, row } = await start(database);
    const before = await row();
    for (const statement of REFUSE[database]) await app.dataSource.query(statement);
    clock.advance(2 * MINUTE_MS);
    expect((await browser.get('/whoami')).status).toBe(200);
    expect((await browser.get('/whoami')).status).toBe(200);
    expect(await row()).toEqual(before);
    // And it ends for that when its idle time is over.
    clock.advance(28 * MINUTE_MS);
    expect((await browser.get('/whoami')).status).toBe(401);
  });
});

const REFUSE: Readonly<Record<DatabaseKind, readonly string[]>> = {
  sqlite: [
    `CREATE TRIGGER refused BEFORE UPDATE OF last_seen_at ON auth_sessions BEGIN SELECT RAISE(ABORT, 'read only'); END`,
  ],
  postgres: [
    `CREATE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'read only'; END $$`,
    `CREATE TRIGGER refused BEFORE UPDATE OF last_seen_at ON auth_sessions FOR EACH ROW EXECUTE FUNCTION refused()`,
  ],
  mariadb: [
    `CREATE TRIGGER refused BEFORE UPDATE ON auth_sessions FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'`,
  ],
};

/** Statements of this database that wait for a lock. */
const WAITING = {
  postgres: `SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
  mariadb: `SELECT count(*) AS n FROM information_schema.PROCESSLIST WHERE STATE = 'Updating' AND DB = DATABASE()`,
} as const;

describe.each(['postgres', 'mariadb'] as const)('a slow touch (%s)', (database) => {
  it.each(['revoked', 'idle'] as const)('does not write a session back that is %s meanwhile', async (end) => {
    const { app, clock, sql, browser, row } = await start(database);
    const before = await row();
    clock.advance(2 * MINUTE_MS);
    const ended =
      end === 'revoked'
        ? { ...before, revokedAt: clock.now() }
        : { ...before, lastSeenAt: clock.now() - 31 * MINUTE_MS };
    const other = await new DataSource(serverOptions(app.databaseUrl!)).initialize();
    const runner = other.createQueryRunner();
    await runner.startTransaction();
    await runner.query('SELECT id FROM auth_sessions FOR UPDATE');
    sql.taken();
    const slow = browser.get('/whoami');
    await until(() => sql.statements.some(isTouch), 'the touch has been sent');
    await until(() => waitsForLock(runner), 'the touch waits');
    await runner.query(`UPDATE auth_sessions SET revoked_at = ${ended.revokedAt}, last_seen_at = ${ended.lastSeenAt}`);
    await runner.commitTransaction();
    await slow;
    await until(async () => !(await waitsForLock(runner)), 'the touch has ended');
    expect(await row()).toEqual(ended);
    await runner.release();
    await other.destroy();
  });

  it('is not waited for while somebody holds the row', async () => {
    const { app, clock, browser } = await start(database);
    clock.advance(2 * MINUTE_MS);
    const other = await new DataSource(serverOptions(app.databaseUrl!)).initialize();
    const runner = other.createQueryRunner();
    await runner.startTransaction();
    await runner.query('SELECT id FROM auth_sessions FOR UPDATE');
    const begun = performance.now();
    expect((await browser.get('/whoami')).status).toBe(200);
    expect(performance.now() - begun).toBeLessThan(2_000);
    await runner.rollbackTransaction();
    await runner.release();
    await other.destroy();
  });

  async function waitsForLock(runner: QueryRunner): Promise<boolean> {
    const [{ n }] = await runner.query(WAITING[database]);
    return Number(n) > 0;
  }
});
