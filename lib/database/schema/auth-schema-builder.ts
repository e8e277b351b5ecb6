import type { EntityMetadata, Table, TableIndex } from 'typeorm';
import { RdbmsSchemaBuilder } from 'typeorm/schema-builder/RdbmsSchemaBuilder.js';
import { orderIndexColumns } from './index-columns.js';
import { changesOf, type SchemaChange } from './schema-changes.js';

/** Every index and unique constraint of Gatehouse is called so; others on its tables are the operator's. */
const OWN_INDEX = 'auth_';

/**
 * TypeORM's schema builder, told what it must not guess. It takes a column that went and one that came for a renamed one,
 * and so would show old values under a new meaning; it does not see that the columns of an index changed places; and it
 * removes keys, constraints, comments and indexes that an operator has added.
 */
export class AuthSchemaBuilder extends RdbmsSchemaBuilder {
  /** What is done to tables that are there; of the last `log()`. */
  changes: readonly SchemaChange[] = [];
  /** Names of indexes that go with their tables when it is taken back. */
  private goingAlong = new Set<string>();

  protected override async executeSchemaSyncOperationsInProperOrder(): Promise<void> {
    if (this.dataSource.options.type === 'postgres' && this.tables.length > 0) {
      await orderIndexColumns(this.queryRunner, this.tables);
    }
    this.changes = this.existing().flatMap(([metadata, table]) => changesOf(metadata, table, this.dataSource.driver));
    const there = this.existing().map(([metadata]) => metadata);
    const made = this.entityToSyncMetadatas.filter((metadata) => !there.includes(metadata));
    this.goingAlong = new Set(made.flatMap(({ indices }) => indices.map(({ name }) => name)));
    await super.executeSchemaSyncOperationsInProperOrder();
  }

  /** Whether a statement drops an index of a table that is dropped with it. */
  isNeedless(statement: string): boolean {
    const [, name] = /^DROP INDEX (?:"[^"]*"\.)?["`]([^"`]+)["`]/.exec(statement) ?? [];
    return name !== undefined && this.goingAlong.has(name);
  }

  protected override async dropOldIndices(): Promise<void> {
    for (const [metadata, table] of this.existing()) {
      const outdated = table.indices.filter((index) => isOutdated(metadata, index));
      for (const index of outdated) await this.queryRunner.dropIndex(table, index);
    }
  }

  protected override async dropCompositeUniqueConstraints(): Promise<void> {
    for (const [metadata, table] of this.existing()) {
      const declared = new Set(metadata.uniques.map(({ name }) => name));
      const outdated = table.uniques.filter(
        ({ name, columnNames }) =>
          columnNames.length > 1 && name?.startsWith(OWN_INDEX) === true && !declared.has(name),
      );
      for (const unique of outdated) await this.queryRunner.dropUniqueConstraint(table, unique);
    }
  }

  protected override async renameColumns(): Promise<void> {}

  protected override async dropOldForeignKeys(): Promise<void> {}

  protected override async dropOldChecks(): Promise<void> {}

  protected override async dropOldExclusions(): Promise<void> {}

  protected override async changeTableComment(): Promise<void> {}

  private existing(): [EntityMetadata, Table][] {
    return this.entityToSyncMetadatas.flatMap((metadata) => {
      const table = this.tables.find((known) => this.isTableOf(metadata, known));
      return table === undefined ? [] : [[metadata, table] as [EntityMetadata, Table]];
    });
  }

  private isTableOf(metadata: EntityMetadata, table: Table): boolean {
    const { driver } = this.dataSource;
    const [wanted, found] = [driver.parseTableName(metadata), driver.parseTableName(table)];
    return wanted.tableName === found.tableName && wanted.schema === found.schema && wanted.database === found.database;
  }
}

function isOutdated(metadata: EntityMetadata, index: TableIndex): boolean {
  const declared = metadata.indices.find(({ name }) => name === index.name);
  if (declared === undefined) return index.name?.startsWith(OWN_INDEX) ?? false;
  if (!declared.synchronize) return false;
  const wanted = declared.columns.map(({ databaseName }) => databaseName);
  return declared.isUnique !== index.isUnique || wanted.join('\n') !== index.columnNames.join('\n');
}
