import type { DataSource, EntityManager, EntityMetadata } from 'typeorm';
import { alteration, columnsOf, exactColumnsOf, isExact } from '../mysql-rules.js';

/** A statement and the one that takes it back. */
export interface Step {
  readonly up: string;
  readonly down: string;
}

/** Has columns of exact text made with the collation that compares exactly: TypeORM's entities cannot say so for one database alone. */
export function declareCollation(tables: readonly EntityMetadata[], collation: string): void {
  for (const metadata of tables) {
    const exact = exactColumnsOf(metadata);
    for (const column of metadata.columns.filter(({ databaseName }) => exact.has(databaseName))) {
      Object.assign(column, { charset: 'utf8mb4', collation });
    }
  }
}

/** Statements for columns that are there with another collation, of which TypeORM takes no notice. */
export async function looseColumns(
  manager: EntityManager,
  tables: readonly EntityMetadata[],
  collation: string,
  changed: ReadonlySet<string>,
): Promise<Step[]> {
  const steps: Step[] = [];
  const storedIn = await columnsOf(manager, tables);
  for (const metadata of tables) {
    const exact = exactColumnsOf(metadata);
    const loose = storedIn(metadata).filter(
      ({ name, collation: found }) =>
        exact.has(name) && !isExact(found) && !changed.has(`${nameOf(manager.connection, metadata)}.${name}`),
    );
    for (const found of new Set(loose.map((column) => column.collation ?? ''))) {
      const columns = loose.filter((column) => (column.collation ?? '') === found);
      steps.push({
        up: alteration(manager, metadata, columns, collation),
        down: alteration(manager, metadata, columns, found),
      });
    }
  }
  return steps;
}

function nameOf({ driver }: DataSource, { tablePath, schema, database, tableName }: EntityMetadata): string {
  return driver.buildTableName(tableName, schema, database) || tablePath;
}
