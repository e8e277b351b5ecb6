import { DataSource, type DataSourceOptions } from 'typeorm';
import { authEntities } from '../../auth-entities.js';
import { planSchema, type SchemaPlan } from '../../database/schema/schema-plan.js';
import { EXIT } from '../exit-codes.js';
import { Refusal } from '../refusal.js';
import { readSource, type AuthSource } from './auth-source.js';
import { DIALECTS, dialectOf, isDialect, unconnected, type Dialect, type DialectName } from './dialects.js';

export interface PlanOptions {
  readonly dialect?: DialectName;
  /** For a database that has nothing, without a connection. */
  readonly empty?: boolean;
  readonly withUserTable?: boolean;
}

export interface MigrationPlan extends SchemaPlan {
  readonly dialect: Dialect;
  /** Name of the database that was compared; `undefined` where none was. */
  readonly database: string | undefined;
}

/** Compares the tables of Gatehouse with the application's database, over a connection of its own. */
export async function planMigration(path: string | undefined, options: PlanOptions): Promise<MigrationPlan> {
  const source = path === undefined ? sourceOfNothing(options) : await readSource(path);
  try {
    return await planOf(source, options);
  } finally {
    await source.close();
  }
}

/** The plan of a source that has been read. */
export async function planOf(source: AuthSource, options: PlanOptions): Promise<MigrationPlan> {
  const dialect = chosenDialect(source.options.type, options);
  const entities = [...source.entities, ...(options.withUserTable === true ? [userOf(source)] : [])];
  const dataSource = new source.DataSource(
    options.empty === true ? unconnected(dialect, source.options) : connected(source.options),
  );
  try {
    if (options.empty !== true) await dataSource.initialize();
    const plan = await planSchema(dataSource, entities);
    return { ...plan, dialect, database: dataSource.isInitialized ? dataSource.driver.database : undefined };
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

function sourceOfNothing({ dialect, empty }: PlanOptions): AuthSource {
  if (dialect === undefined || empty !== true) {
    throw new Refusal('Name the compiled file of the module, or both --dialect and --empty.', EXIT.usage);
  }
  const [, ...entities] = authEntities({ userEntity: Object });
  const options = { type: dialectOf(dialect), entities } as DataSourceOptions;
  return { options, DataSource, entities, userEntity: undefined, close: async () => undefined };
}

function chosenDialect(type: string, { dialect, empty }: PlanOptions): Dialect {
  const chosen = dialect === undefined ? type : dialectOf(dialect);
  if (!isDialect(chosen)) throw new Refusal(`Gatehouse has no migrations for ${chosen}.`);
  if (chosen === type || empty === true) return chosen;
  throw new Refusal(
    `The application is connected to ${type}, not to ${DIALECTS[chosen]}. Set the database of the environment, or add --empty.`,
    EXIT.usage,
  );
}

function userOf({ userEntity }: AuthSource) {
  if (userEntity !== undefined) return userEntity;
  throw new Refusal('This file does not tell which entity the users are: name that of the module.', EXIT.usage);
}

/** Whatever the application does when it connects, this only looks. */
function connected(options: DataSourceOptions): DataSourceOptions {
  const quiet = { synchronize: false, migrationsRun: false, dropSchema: false, logging: false, cache: false };
  const extensions = options.type === 'postgres' ? { installExtensions: false } : {};
  return { ...options, ...quiet, ...extensions, migrations: [], subscribers: [] };
}
