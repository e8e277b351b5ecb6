import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { DataSource, EntityManager } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { Clock, SystemClock } from '../common/clock.js';
import { AuthError } from '../errors/auth-error.js';
import type { AuthSettings } from '../options/auth-settings.js';
import { resolveSettings } from '../options/resolve-options.js';
import { DATABASES, newDataSource, type DatabaseKind } from '../../test/support/app.js';
import { Database } from './database.js';
import { isUniqueViolation } from './driver-errors.js';

const open: DataSource[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((dataSource) => dataSource.destroy()));
});

class MovableClock extends Clock {
  ahead = 0;

  override now(): number {
    return new SystemClock().now() + this.ahead;
  }
}

async function setUp(type: DatabaseKind, timeout: '200ms' | '5s' = '5s') {
  const dataSource = await newDataSource(type, { poolSize: 5 });
  open.push(dataSource);
  await dataSource.query('CREATE TABLE t (id varchar(20) PRIMARY KEY)');
  const settings: AuthSettings = resolveSettings(
    { secret: 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC', baseUrl: 'http://localhost', database: { timeout } },
    { NODE_ENV: 'test' },
  );
  const clock = new MovableClock();
  const rows = async (): Promise<string[]> => {
    const found: { id: string }[] = await dataSource.query('SELECT id FROM t ORDER BY id');
    return found.map(({ id }) => id);
  };
  return { dataSource, clock, rows, database: new Database(dataSource, settings, clock) };
}

const insert = (manager: EntityManager, id: string): Promise<unknown> =>
  manager.query(`INSERT INTO t VALUES ('${id}')`);

describe.each(DATABASES)('Database on %s', (type) => {
  it('commits what the work returns from, and nothing of what it throws from', async () => {
    const { database, rows } = await setUp(type);
    expect(await database.write(async (manager) => (await insert(manager, 'a'), 'done'))).toBe('done');
    const failing = database.write(async (manager) => {
      await insert(manager, 'b');
      throw new Error('of the work');
    });
    await expect(failing).rejects.toThrow('of the work');
    expect(await rows()).toEqual(['a']);
  });

  it('tells a lost insert from other errors', async () => {
    const { database, rows } = await setUp(type);
    await database.write((manager) => insert(manager, 'a'));
    const error = await database.write((manager) => insert(manager, 'a')).catch((reason: unknown) => reason);
    expect(isUniqueViolation(error)).toBe(true);
    const other = await database
      .write((manager) => manager.query('SELECT nonsense'))
      .catch((reason: unknown) => reason);
    expect(isUniqueViolation(other)).toBe(false);
    expect(other).not.toBeInstanceOf(AuthError);
    expect(await rows()).toEqual(['a']);
  });

  it('keeps nothing of a unit whose later statement loses', async () => {
    const { database, rows } = await setUp(type);
    await database.write((manager) => insert(manager, 'a'));
    const lost = database.write(async (manager) => {
      await insert(manager, 'half');
      await insert(manager, 'a');
    });
    await expect(lost).rejects.toSatisfy(isUniqueViolation);
    expect(await rows()).toEqual(['a']);
  });

  it('shows neither statement nor parameters of what failed', async () => {
    const { database, dataSource } = await setUp(type);
    const parameter = type === 'mariadb' ? '?' : '$1';
    await insert(dataSource.manager, 'marker-value');
    const failures = [
      database.read((manager) => manager.query(`SELECT marker FROM t WHERE id = ${parameter}`, ['marker-value'])),
      database.write((manager) => manager.query(`INSERT INTO t VALUES (${parameter})`, ['marker-value'])),
    ];
    for (const failing of failures) {
      const error: unknown = await failing.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/marker-value|SELECT marker|INSERT INTO/);
    }
  });

  it('answers 503 after the deadline, and goes on working', async () => {
    const { database, rows } = await setUp(type, '200ms');
    const begun = performance.now();
    const late = await database.read(() => delay(600)).catch((reason: unknown) => reason);
    expect(late).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(performance.now() - begun).toBeLessThan(550);
    await delay(500);
    await database.write((manager) => insert(manager, 'a'));
    expect(await rows()).toEqual(['a']);
  });

  it('does not begin what is too late to commit', async () => {
    const { database, clock, rows } = await setUp(type);
    const commitBefore = clock.now() + 1_000;
    clock.ahead = 2_000;
    const late = database.write((manager) => insert(manager, 'a'), { commitBefore });
    await expect(late).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await rows()).toEqual([]);
  });

  it('does not commit what has become too late, or was answered 503', async () => {
    const { database, clock, rows } = await setUp(type, '200ms');
    const overtaken = database.write(
      async (manager) => {
        await insert(manager, 'a');
        clock.ahead = 2_000;
      },
      { commitBefore: clock.now() + 1_000 },
    );
    await expect(overtaken).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const slow = database.write(async (manager) => {
      await insert(manager, 'b');
      await delay(400);
    });
    await expect(slow).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await delay(400);
    expect(await rows()).toEqual([]);
  });

  it('a hundred units at once keep apart from each other', async () => {
    const { database, rows } = await setUp(type);
    const units = Array.from({ length: 100 }, (_, index) =>
      database
        .write(async (manager) => {
          await insert(manager, `a${index}`);
          if (index % 3 === 0) throw new Error('refused');
          await insert(manager, `b${index}`);
        })
        .catch(() => undefined),
    );
    await Promise.all(units);
    const kept = Array.from({ length: 100 }, (_, index) => index).filter((index) => index % 3 !== 0);
    expect(await rows()).toEqual(kept.flatMap((index) => [`a${index}`, `b${index}`]).sort());
  });

  it('maps a closed connection to 503', async () => {
    const { database, dataSource } = await setUp(type);
    await dataSource.destroy();
    open.length = 0;
    await expect(database.read((manager) => manager.query('SELECT 1'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });
});

describe('Database on one shared connection', () => {
  it('keeps what the host wrote beside a lost insert', async () => {
    const { database, dataSource, rows } = await setUp('sqlite');
    await database.write((manager) => insert(manager, 'a'));
    const lost = database.write(
      async (manager) => {
        await dataSource.query("INSERT INTO t VALUES ('host')");
        await insert(manager, 'a');
      },
      { insertMayLose: true },
    );
    await expect(lost).rejects.toSatisfy(isUniqueViolation);
    expect(await rows()).toEqual(['a', 'host']);
  });

  it('waits for a transaction of the host, so that its rollback is not ours', async () => {
    const { database, dataSource, rows } = await setUp('sqlite');
    const host = dataSource
      .transaction(async (manager) => {
        await insert(manager, 'host');
        await delay(100);
        throw new Error('the host thinks better of it');
      })
      .catch(() => undefined);
    await delay(10);
    await database.write((manager) => insert(manager, 'ours'));
    await host;
    expect(await rows()).toEqual(['ours']);
  });
});

describe('Database on one shared connection, after a transaction', () => {
  it('that SQLite has ended by itself: goes on', async () => {
    const { database, rows } = await setUp('sqlite', '200ms');
    const full = database.write(async (manager) => {
      await insert(manager, 'a');
      await manager.query('ROLLBACK');
      throw new Error('the disk is full');
    });
    await expect(full).rejects.toThrow('the disk is full');
    await database.write((manager) => insert(manager, 'b'));
    expect(await rows()).toEqual(['b']);
  });

  it.each(['refused', 'made all the same'])('whose beginning failed and was %s: goes on', async (what) => {
    const { database, dataSource, rows } = await setUp('sqlite', '200ms');
    const runner = dataSource.createQueryRunner();
    const query = runner.query.bind(runner);
    runner.query = async (sql: string) => {
      runner.query = query;
      if (what !== 'refused') await query(sql);
      throw new Error('the file is locked');
    };
    await expect(database.write((manager) => insert(manager, 'a'))).rejects.toThrow('the file is locked');
    await database.write((manager) => insert(manager, 'b'));
    expect(await rows()).toEqual(['b']);
  });

  it('that the host has begun by a statement of its own: is refused, and ends nothing of it', async () => {
    const { database, dataSource, rows } = await setUp('sqlite', '200ms');
    await dataSource.query('BEGIN');
    await dataSource.query("INSERT INTO t (id) VALUES ('host')");
    await expect(database.write((manager) => insert(manager, 'ours'))).rejects.toThrow();
    await dataSource.query('COMMIT');
    expect(await rows()).toEqual(['host']);
    await database.write((manager) => insert(manager, 'ours'));
    expect(await rows()).toEqual(['host', 'ours']);
  });

  it('whose end was not heard of: goes on', async () => {
    const { database, dataSource, rows } = await setUp('sqlite', '200ms');
    const runner = dataSource.createQueryRunner();
    const query = runner.query.bind(runner);
    const unheard = database.write(async (manager) => {
      await insert(manager, 'a');
      runner.query = async (sql: string) => {
        runner.query = query;
        await query(sql);
        throw new Error('the file was not synchronised');
      };
    });
    await expect(unheard).rejects.toThrow('the file was not synchronised');
    await database.write((manager) => insert(manager, 'b'));
    expect(await rows()).toEqual(['a', 'b']);
  });
});

describe('Database on MariaDB', () => {
  const UNAVAILABLE = { code: 'STORE_UNAVAILABLE', headers: { 'Retry-After': '1' } };

  it('reads behind its claim what others have committed by then', async () => {
    const { database, dataSource, rows } = await setUp('mariadb');
    await database.write((manager) => insert(manager, 'a'));
    const seen = await database.write(async (manager) => {
      await manager.query("UPDATE t SET id = 'a' WHERE id = 'a'");
      const before: unknown[] = await manager.query('SELECT id FROM t');
      await insert(dataSource.manager, 'b');
      const after: unknown[] = await manager.query('SELECT id FROM t');
      return [before.length, after.length];
    });
    expect(seen).toEqual([1, 2]);
    expect(await rows()).toEqual(['a', 'b']);
  });

  it('answers 503 to one of two that wait for each other, and the other goes on', async () => {
    const { database, rows } = await setUp('mariadb');
    await database.write((manager) => manager.query("INSERT INTO t VALUES ('a'), ('b')"));
    let holding = 0;
    let go!: () => void;
    const bothHold = new Promise<void>((resolve) => (go = resolve));
    const crossing = (first: string, second: string): Promise<unknown> =>
      database.write(async (manager) => {
        await manager.query('DELETE FROM t WHERE id = ?', [first]);
        holding += 1;
        if (holding === 2) go();
        await bothHold;
        await manager.query('DELETE FROM t WHERE id = ?', [second]);
      });
    const settled = await Promise.allSettled([crossing('a', 'b'), crossing('b', 'a')]);
    const lost = settled.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatchObject(UNAVAILABLE);
    expect(await rows()).toEqual([]);
  });

  it.each([
    ['a lock that nobody lets go of', 'SET STATEMENT innodb_lock_wait_timeout = 1 FOR DELETE FROM t'],
    ['a statement that took too long', 'SET STATEMENT max_statement_time = 0.1 FOR SELECT sleep(2)'],
    ['a connection that was killed', 'KILL CONNECTION CONNECTION_ID()'],
    ['a server that is read only', "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1290"],
    ['too many connections of one user', "SIGNAL SQLSTATE '42000' SET MYSQL_ERRNO = 1226"],
    ['a cluster that is not ready', "SIGNAL SQLSTATE '08S01' SET MYSQL_ERRNO = 1047"],
    ['a row that somebody else has changed', "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1020"],
  ])('answers 503 to %s', async (_, statement) => {
    const { database, dataSource, rows } = await setUp('mariadb');
    await insert(dataSource.manager, 'a');
    const holder = dataSource.createQueryRunner();
    await holder.startTransaction();
    await holder.query("UPDATE t SET id = 'b' WHERE id = 'a'");
    await expect(database.read((manager) => manager.query(statement))).rejects.toMatchObject(UNAVAILABLE);
    await holder.rollbackTransaction();
    await holder.release();
    expect(await rows()).toEqual(['a']);
  });
});
