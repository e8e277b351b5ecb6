import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Column, DataSource, Entity, type DataSourceOptions } from 'typeorm';
import { planOf, type MigrationPlan, type PlanOptions } from '../../lib/cli/migrations/plan-migration.js';
import { writeMigration } from '../../lib/cli/migrations/write-migration.js';
import { authEntities, AuthUser } from '../../lib/index.js';
import { serverOptions, type DatabaseKind } from '../support/app.js';
import { mariadbUrl, postgresUrl } from '../support/services.js';

/** The user of the production sample, whose migrations are what the release before left on PostgreSQL. */
@Entity('users')
export class Customer extends AuthUser {
  @Column({ name: 'plan', type: 'varchar', length: 20, default: 'standard' })
  plan!: string;
}

export const [, ...OWN] = authEntities({ userEntity: Customer });

const SAMPLE_MIGRATIONS = resolve('sample/02-production/migrations');
/** Later ones are this release's. */
const LAST_OF_BEFORE = '1795368929587-second-factors.js';

/** How to connect to a new database; twice to the same one, so that SQLite is a file. */
export async function newConnection(kind: DatabaseKind): Promise<DataSourceOptions> {
  if (kind === 'postgres') return serverOptions(await postgresUrl());
  if (kind === 'mariadb') return serverOptions(await mariadbUrl());
  return { type: 'better-sqlite3', database: join(newFolder(), 'app.sqlite') };
}

const folders: string[] = [];
process.once('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A folder whose JavaScript is ECMAScript modules. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-migrations-'));
  folders.push(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return folder;
}

export function plan(options: DataSourceOptions, chosen: PlanOptions = {}): Promise<MigrationPlan> {
  const entities = [Customer, ...OWN];
  return planOf(
    {
      options: { entities, ...options },
      DataSource,
      entities: OWN,
      userEntity: Customer,
      close: async () => undefined,
    },
    chosen,
  );
}

/** A connection for the spec itself. */
export function connect(options: DataSourceOptions, more: Partial<DataSourceOptions> = {}): Promise<DataSource> {
  return new DataSource({ ...options, ...more } as DataSourceOptions).initialize();
}

/** Writes a plan as the command does, and has TypeORM load the file. */
export function asFile(made: MigrationPlan): { readonly migrations: string[] } {
  const folder = newFolder();
  writeMigration(made, folder, { name: 'Administration', timestamp: 1795500000000, form: 'esm' });
  return { migrations: [join(folder, '*.js')] };
}

/** The tables as the release before has made them, the users' and the application's among them. */
export async function makePreviousSchema(kind: DatabaseKind, options: DataSourceOptions): Promise<void> {
  if (kind === 'postgres') {
    const files = readdirSync(SAMPLE_MIGRATIONS).filter((name) => name <= LAST_OF_BEFORE);
    const migrations = files.map((name) => join(SAMPLE_MIGRATIONS, name));
    const dataSource = await connect(options, { migrations, migrationsTableName: 'migrations_before' });
    await dataSource.runMigrations();
    return dataSource.destroy();
  }
  const dataSource = await connect(options);
  const script = readFileSync(join(import.meta.dirname, 'previous', `${kind}.sql`), 'utf8');
  const orders = 'CREATE TABLE orders (id varchar(36) NOT NULL PRIMARY KEY, user_id varchar(36), item varchar(200))';
  for (const statement of [...script.split(/;\n/), orders]) {
    if (statement.trim() !== '') await dataSource.query(statement);
  }
  await dataSource.destroy();
}

export type Rows = Record<string, Record<string, unknown>[]>;

/** Everything that the tables of the names hold. */
export async function dump(dataSource: DataSource, tables: readonly string[]): Promise<Rows> {
  const rows: Rows = {};
  for (const table of tables) rows[table] = await dataSource.query(`SELECT * FROM ${table} ORDER BY 1, 2`);
  return rows;
}

/** Puts a row with a value in every column into every table. */
export async function fill(dataSource: DataSource, tables: readonly string[], userId: string): Promise<void> {
  const runner = dataSource.createQueryRunner();
  for (const name of tables) {
    const table = (await runner.getTable(name))!;
    const names = table.columns.map((column) => column.name);
    const values = table.columns.map(({ name: column, type }) => {
      if (column === 'user_id' || (name === 'users' && column === 'id')) return userId;
      if (/int/.test(type)) return type === 'bigint' ? '1795000000000' : 1;
      if (type === 'boolean') return true;
      // Long enough to tell, and short enough for an outcome or an algorithm.
      return type === 'text' ? '["some text"]' : 'value';
    });
    await dataSource
      .createQueryBuilder()
      .insert()
      .into(name, names)
      .values([Object.fromEntries(names.map((column, index) => [column, values[index]]))])
      .execute();
  }
  await runner.release();
}
