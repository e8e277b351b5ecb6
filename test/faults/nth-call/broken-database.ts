import { setTimeout as delay } from 'node:timers/promises';
import { QueryFailedError, type DataSource, type QueryRunner } from 'typeorm';
import { Run, type Fault } from './run.js';

/** As much of a client of `pg` as is broken here. */
interface PgClient {
  query: (sql: unknown, values?: unknown) => Promise<unknown>;
  readonly connection: { readonly stream: { destroy(): void } };
}

/** The server itself refuses: out of memory, as far as it says. What the statement belongs to is aborted with it. */
const REFUSED_BY_THE_SERVER = "DO $$ BEGIN RAISE EXCEPTION 'out of memory' USING ERRCODE = '53200'; END $$";

/** Every statement of the application is a call, BEGIN and COMMIT too. `lateMs`: what hangs goes on after so long. */
export function breakDatabase(dataSource: DataSource, lateMs: number): void {
  const broken = new WeakSet<object>();
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = create(mode);
    if (broken.has(runner)) return runner;
    broken.add(runner);
    if (dataSource.options.type !== 'postgres') {
      breakSqlite(runner, lateMs);
      return runner;
    }
    const connect = runner.connect.bind(runner);
    runner.connect = async () => {
      const client = (await connect()) as PgClient;
      if (!broken.has(client)) breakClient(client, lateMs);
      broken.add(client);
      return client;
    };
    return runner;
  };
}

/** Where the driver sends it: what answers and what fails are the server and its connection. */
function breakClient(client: PgClient, lateMs: number): void {
  const query = client.query.bind(client);
  const ask = async (run: Run, sql: string, values: unknown): Promise<unknown> => {
    switch (await run.meet(nameOf(sql))) {
      case 'fails at once':
        return query(REFUSED_BY_THE_SERVER);
      case 'hangs past its deadline':
        await delay(lateMs);
        return query(sql, values);
      case 'is lost before its effect':
        client.connection.stream.destroy();
        return query(sql, values);
      case 'is cut after its effect':
        await query(sql, values);
        client.connection.stream.destroy();
        throw new Error('Connection terminated unexpectedly');
      default:
        return query(sql, values);
    }
  };
  client.query = (sql, values) => {
    const run = Run.current;
    return run === undefined || typeof sql !== 'string' ? query(sql, values) : run.track(ask(run, sql, values));
  };
}

/** The file is what can fail there: it is locked, full, or does not say what became of a write. */
function breakSqlite(runner: QueryRunner, lateMs: number): void {
  const query = runner.query.bind(runner) as (...asked: unknown[]) => Promise<unknown>;
  const { databaseConnection } = runner.dataSource.driver as unknown as { databaseConnection: SqliteFile };
  const ask = async (run: Run, asked: [string, ...unknown[]]): Promise<unknown> => {
    const [sql] = asked;
    const fault: Fault | undefined = await run.meet(nameOf(sql));
    const fail = (code: string): Error =>
      new QueryFailedError(sql, [], Object.assign(new Error('the file fails'), { code }));
    switch (fault) {
      case 'fails at once':
        throw fail('SQLITE_BUSY');
      case 'hangs past its deadline':
        await delay(lateMs);
        return query(...asked);
      case 'is lost before its effect':
        // SQLite rolls back by itself when the disk is full.
        if (databaseConnection.inTransaction) databaseConnection.exec('ROLLBACK');
        throw fail('SQLITE_FULL');
      case 'is cut after its effect':
        await query(...asked);
        throw fail('SQLITE_IOERR_FSYNC');
      default:
        return query(...asked);
    }
  };
  runner.query = ((...asked: [string, ...unknown[]]) => {
    const run = Run.current;
    return run === undefined ? query(...asked) : run.track(ask(run, asked));
  }) as QueryRunner['query'];
}

interface SqliteFile {
  readonly inTransaction: boolean;
  exec(sql: string): void;
}

function nameOf(sql: string): string {
  const [word = ''] = sql.trim().split(/\s/, 1);
  const [, table = ''] = /(?:FROM|INTO|UPDATE) "?(\w+)/.exec(sql) ?? [];
  return `${word} ${table}`.trim();
}
