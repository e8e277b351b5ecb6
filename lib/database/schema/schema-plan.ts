import type { Type } from '@nestjs/common';
import type { DataSource, EntityMetadata, QueryRunner } from 'typeorm';
import { StartUpError } from '../../errors/start-up-error.js';
import { isMysql } from '../dialect.js';
import { EXACT_COLLATION_OF, exactCollation } from '../mysql-rules.js';
import { AuthSchemaBuilder } from './auth-schema-builder.js';
import { declareCollation, looseColumns, type Step } from './exact-collations.js';
import { keepValues } from './keep-values.js';
import type { SchemaChange } from './schema-changes.js';

/** What brings the tables of some entities up to date, and what takes it back. */
export interface SchemaPlan {
  readonly up: readonly string[];
  readonly down: readonly string[];
  readonly changes: readonly SchemaChange[];
}

/**
 * Compares entities with a database. The data source must be one of its own: what it knows of the entities is changed, for
 * this plan alone. Where it has not been connected the plan is for an empty database, and nothing connects.
 */
export async function planSchema(dataSource: DataSource, entities: readonly Type[]): Promise<SchemaPlan> {
  const connected = dataSource.isInitialized;
  if (!connected) await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  refuseUnknown(dataSource, entities);
  const tables = ownTables(dataSource, entities);
  const runner = dataSource.createQueryRunner('master');
  const changed = new Set<string>();
  const create = connected ? () => dataSource.driver.createQueryRunner('master') : () => onNothing(runner);
  try {
    const collation = isMysql(dataSource) ? await collationFor(dataSource, runner) : undefined;
    if (collation !== undefined) declareCollation(tables, collation);
    dataSource.createQueryRunner = () => keepValues(create(), changed);
    const builder = new AuthSchemaBuilder(dataSource);
    const { upQueries, downQueries } = await builder.log();
    const loose =
      collation !== undefined && connected ? await looseColumns(runner.manager, tables, collation, changed) : [];
    return {
      up: [...upQueries.map(withoutParameters), ...loose.map(({ up }: Step) => up)],
      down: [
        ...loose.map(({ down }: Step) => down),
        ...downQueries
          .reverse()
          .map(withoutParameters)
          .filter((statement) => !builder.isNeedless(statement)),
      ],
      changes: builder.changes,
    };
  } finally {
    if (connected) await runner.release();
  }
}

function refuseUnknown(dataSource: DataSource, entities: readonly Type[]): void {
  const unknown = entities.filter((entity) => !dataSource.hasMetadata(entity)).map(({ name }) => name);
  if (unknown.length === 0) return;
  throw new StartUpError('the DataSource does not know every entity.', [
    `${unknown.join(', ')}: write entities: [...authEntities({ userEntity }), ...], or autoLoadEntities: true in TypeOrmModule.forRoot().`,
  ]);
}

/** Leaves the tables of the application out, and brings the others into an order that does not depend on its modules. */
function ownTables({ entityMetadatas }: DataSource, entities: readonly Type[]): EntityMetadata[] {
  const byName = (one: EntityMetadata, other: EntityMetadata): number => (one.tableName < other.tableName ? -1 : 1);
  entityMetadatas.sort(byName);
  const own = entityMetadatas.filter(({ target }) => entities.includes(target as Type));
  for (const metadata of entityMetadatas) metadata.synchronize &&= own.includes(metadata);
  return own;
}

async function collationFor({ options, isInitialized }: DataSource, { manager }: QueryRunner): Promise<string> {
  const assumed = EXACT_COLLATION_OF[options.type === 'mysql' ? 'mysql' : 'mariadb'];
  return isInitialized ? ((await exactCollation(manager)) ?? assumed) : assumed;
}

/** A runner of a database that has nothing: it is never asked. */
function onNothing(runner: QueryRunner): QueryRunner {
  runner.getTables = async () => [];
  runner.getViews = async () => [];
  runner.query = async (query: string) => {
    throw new Error(`The plan needs a connection: ${query}`);
  };
  return runner;
}

function withoutParameters({ query, parameters }: { query: string; parameters?: unknown[] }): string {
  if (parameters !== undefined && parameters.length > 0) throw new Error(`The plan has a value in it: ${query}`);
  // TypeORM quotes names of collations, which nobody else does.
  return query.replace(/CHARACTER SET "(\w+)" COLLATE "(\w+)"/g, 'CHARACTER SET $1 COLLATE $2');
}
