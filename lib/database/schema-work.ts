import type { DataSource } from 'typeorm';

/** What a `DataSource` does to the schema while it connects, if it is let. */
export interface SchemaWork {
  readonly synchronize: boolean;
  readonly dropSchema: boolean;
  readonly migrationsRun: boolean;
}

// Shared by the copies of this package that one process may hold.
const WITHHELD = Symbol.for('gatehouse:withheld-schema-work');

type Marked = DataSource & { [WITHHELD]?: SchemaWork };

/** What the options, or calls that were withheld, ask for. */
export function schemaWorkOf(dataSource: DataSource): SchemaWork {
  return (dataSource as Marked)[WITHHELD] ?? workOf(dataSource);
}

/** Switches it off, before `initialize()`. PostgreSQL is given no extension either. */
export function withholdSchemaWork(dataSource: DataSource): void {
  (dataSource as Marked)[WITHHELD] ??= workOf(dataSource);
  const off = { synchronize: false, dropSchema: false, migrationsRun: false };
  dataSource.setOptions(dataSource.options.type === 'postgres' ? { ...off, installExtensions: false } : off);
}

/** Keeps in mind what a call asked for that did nothing. */
export function markWithheld(dataSource: DataSource, asked: Partial<SchemaWork>): void {
  (dataSource as Marked)[WITHHELD] = { ...schemaWorkOf(dataSource), ...asked };
}

function workOf({ options }: DataSource): SchemaWork {
  return {
    synchronize: options.synchronize === true,
    dropSchema: options.dropSchema === true,
    migrationsRun: options.migrationsRun === true,
  };
}
