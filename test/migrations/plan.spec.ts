import type { DataSource, DataSourceOptions } from 'typeorm';
import { DefaultNamingStrategy, EntitySchema } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { warningsOf } from '../../lib/cli/migrations/write-migration.js';
import { DATABASES, type DatabaseKind } from '../support/app.js';
import { asFile, connect, Customer, newConnection, OWN, plan } from './migration-kit.js';

const open: DataSource[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((dataSource) => dataSource.destroy()));
});

async function connected(options: DataSourceOptions, more: Partial<DataSourceOptions> = {}): Promise<DataSource> {
  const dataSource = await connect(options, more);
  open.push(dataSource);
  return dataSource;
}

/** Options that nothing connects with. */
function serverless(kind: DatabaseKind): DataSourceOptions {
  const type = kind === 'sqlite' ? 'better-sqlite3' : kind;
  return { type, database: 'nowhere' };
}

const ROLE = "INSERT INTO auth_user_roles (user_id, role, assigned_at) VALUES ('ada', 'editor', 1795000000000)";
const ROLES = 'SELECT user_id, role FROM auth_user_roles';

describe.each(DATABASES)('an empty database of %s', (kind) => {
  it('gets the tables, loses them and gets them again, and they are what the entities say', async () => {
    const options = await newConnection(kind);
    const made = await plan(options, { withUserTable: true });
    expect((await plan(options, { empty: true, withUserTable: true })).up).toEqual(made.up);
    const dataSource = await connected(options, { ...asFile(made), entities: [Customer, ...OWN] });
    const tables = async (): Promise<string[]> => {
      const runner = dataSource.createQueryRunner();
      const paths = dataSource.entityMetadatas.map(({ tablePath }) => tablePath);
      const found = await runner.getTables(paths);
      await runner.release();
      return found.map(({ name }) => name.split('.').at(-1)!).sort();
    };
    for (let times = 0; times < 2; times += 1) {
      await dataSource.runMigrations();
      expect(await tables()).toEqual(dataSource.entityMetadatas.map(({ tableName }) => tableName).sort());
      expect((await dataSource.driver.createSchemaBuilder().log()).upQueries).toEqual([]);
      expect((await plan(options, { withUserTable: true })).up).toEqual([]);
      await dataSource.undoLastMigration();
      expect(await tables()).toEqual([]);
    }
  });

  it('is left without the tables of the application, under the names that it gives', async () => {
    class Shouting extends DefaultNamingStrategy {
      override columnName(property: string, custom: string | undefined, prefixes: string[]): string {
        return `c_${super.columnName(property, custom as string, prefixes)}`;
      }
    }
    const names = { entityPrefix: 'app_', namingStrategy: new Shouting() };
    const { up } = await plan({ ...serverless(kind), ...names }, { empty: true });
    const made = up.filter((statement) => statement.startsWith('CREATE TABLE'));
    expect(made).toHaveLength(OWN.length);
    for (const statement of made) expect(statement).toMatch(/^CREATE TABLE ["`]app_auth_\w+["`] \(["`]c_/);
    if (kind !== 'sqlite') return;
    const options = { ...(await newConnection(kind)), ...names };
    const dataSource = await connected(options);
    for (const statement of up) await dataSource.query(statement);
    expect((await plan(options)).up).toEqual([]);
  });
});

describe.each(DATABASES)('tables of %s that have changed', (kind) => {
  let options: DataSourceOptions;
  let dataSource: DataSource;

  beforeAll(async () => {
    options = await newConnection(kind);
    dataSource = await connect(options);
    await run((await plan(options)).up);
  });
  afterAll(() => dataSource?.destroy());
  // Whatever was altered is as the entities say again.
  afterEach(async () => {
    await run((await plan(options)).up);
    expect((await plan(options)).up).toEqual([]);
    await run(['DELETE FROM auth_user_roles']);
  });

  async function run(statements: readonly string[]): Promise<void> {
    for (const statement of statements) await dataSource.query(statement);
  }

  it('are altered with their rows kept where a column has another type', async () => {
    const shorter = {
      sqlite: [],
      postgres: ['ALTER TABLE auth_user_roles ALTER COLUMN role TYPE varchar(20)'],
      mariadb: ['ALTER TABLE auth_user_roles MODIFY role varchar(20) NOT NULL'],
    }[kind];
    await run([ROLE, ...shorter]);
    const made = await plan(options);
    if (kind === 'sqlite') return expect(made.up).toEqual([]);
    expect(made.up.join('\n')).not.toMatch(/DROP COLUMN/);
    expect(warningsOf(made)).toEqual([expect.stringContaining('auth_user_roles.role changes its type')]);
    await run(made.up);
    expect(await dataSource.query(ROLES)).toEqual([{ user_id: 'ada', role: 'editor' }]);
    await run(made.down);
    expect((await plan(options)).up).toEqual(made.up);
  });

  it('lose a column that nothing knows, and not without saying so', async () => {
    await run(['ALTER TABLE auth_user_roles ADD note varchar(20)', ROLE]);
    expect(warningsOf(await plan(options))).toEqual([expect.stringMatching(/^auth_user_roles\.note is dropped/)]);
  });

  it('never take a column that went for one that came', async () => {
    const statements = ['ALTER TABLE auth_jobs DROP COLUMN last_run_at', 'ALTER TABLE auth_jobs ADD older_at bigint'];
    const row = "INSERT INTO auth_jobs (name, older_at) VALUES ('clean', 5)";
    await run([...statements, row]);
    const made = await plan(options);
    expect(made.changes).toEqual([{ kind: 'loss', table: 'auth_jobs', column: 'older_at' }]);
    await run(made.up);
    expect(await dataSource.query('SELECT name, last_run_at FROM auth_jobs')).toEqual([
      { name: 'clean', last_run_at: null },
    ]);
  });

  it('keep indexes that an operator has added, and get back those of Gatehouse in their order', async () => {
    const drop = { sqlite: '', postgres: '', mariadb: ' ON auth_user_roles' }[kind];
    await run([
      `DROP INDEX auth_user_roles_role${drop}`,
      'CREATE INDEX auth_user_roles_role ON auth_user_roles (user_id, role)',
      'CREATE INDEX operators_own ON auth_user_roles (assigned_at)',
    ]);
    const made = await plan(options);
    expect(made.up).toHaveLength(2);
    expect(made.up.at(-1)).toMatch(/auth_user_roles_role.*role.*user_id/);
    expect(made.down.at(-1)).toMatch(/auth_user_roles_role.*user_id.*role/);
  });

  it('keep unique pairs that an operator has added, and lose those of Gatehouse', async () => {
    // SQLite adds constraints to no table that is there.
    if (kind === 'sqlite') return expect((await plan(options)).up).toEqual([]);
    await run([
      'ALTER TABLE auth_user_roles ADD CONSTRAINT operators_pair UNIQUE (role, assigned_at)',
      'ALTER TABLE auth_user_roles ADD CONSTRAINT auth_user_roles_before UNIQUE (assigned_at, role)',
    ]);
    expect((await plan(options)).up).toEqual([expect.stringContaining('auth_user_roles_before')]);
  });

  it('are told of when rows have no value for a column', async () => {
    await run(['ALTER TABLE auth_outbox DROP COLUMN created_at']);
    expect(warningsOf(await plan(options))).toEqual([
      expect.stringMatching(/^auth_outbox\.created_at must not be NULL/),
    ]);
  });

  if (kind === 'mariadb') {
    it('get the collation that compares exactly for identifying text, and keep the rest', async () => {
      const loose = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci';
      await run([
        `ALTER TABLE auth_user_roles MODIFY user_id varchar(36) ${loose} NOT NULL, MODIFY role varchar(64) ${loose} NOT NULL`,
        `ALTER TABLE auth_sessions MODIFY impersonator_id varchar(36) ${loose} NULL`,
        ROLE,
      ]);
      const made = await plan(options);
      expect(made.up).toHaveLength(2);
      await run(made.up);
      const columns: { name: string; nullable: string }[] = await dataSource.query(
        'SELECT COLUMN_NAME AS name, IS_NULLABLE AS nullable FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ' +
          "AND COLLATION_NAME = 'utf8mb4_nopad_bin' AND TABLE_NAME IN ('auth_user_roles', 'auth_sessions') ORDER BY 1",
      );
      expect(columns).toContainEqual({ name: 'impersonator_id', nullable: 'YES' });
      expect(columns).toContainEqual({ name: 'role', nullable: 'NO' });
      await run(made.down);
      expect((await plan(options)).up).toEqual(made.up);
      expect(await dataSource.query(ROLES)).toEqual([{ user_id: 'ada', role: 'editor' }]);
    });
  }
});

it('PostgreSQL is given no extension by a look', async () => {
  const Thing = new EntitySchema({
    name: 'Thing',
    columns: { id: { type: 'uuid', primary: true, generated: 'uuid' } },
  });
  const options = await newConnection('postgres');
  await plan({ ...options, entities: [Thing, Customer, ...OWN] });
  const dataSource = await connected({ ...options, entities: [], installExtensions: false } as DataSourceOptions);
  const names = await dataSource.query("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'");
  expect(names).toEqual([]);
});
