import type { EntityManager, EntityMetadata } from 'typeorm';
import { isSqlite } from './column-types.js';
import type { UserIdColumn } from './user-id-column.js';

// Comments, texts and quoted names: whatever stands in them declares nothing.
const SQL_ASIDES = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]/g;
const AUTOINCREMENT = /\bPRIMARY\s+KEY\b(?:\s+ASC)?(?:\s+ON\s+CONFLICT\s+\w+)?\s+AUTOINCREMENT\b/i;

/**
 * What makes the database itself hand out the number of a deleted row again; `undefined` where nothing does. What a host
 * does, truncating the table or setting its sequence, cannot be seen.
 */
export async function reuseOfIds(
  manager: EntityManager,
  metadata: EntityMetadata,
  id: UserIdColumn,
): Promise<string | undefined> {
  if (!id.mayReturn) return undefined;
  const { driver } = manager.connection;
  if (isSqlite(driver)) {
    const reuses = !(await hasAutoincrement(manager, metadata.tableName));
    return reuses ? 'Make it INTEGER PRIMARY KEY AUTOINCREMENT' : undefined;
  }
  // MariaDB and MySQL keep the counter of a table whatever is deleted, and across restarts.
  if (driver.options.type !== 'postgres') return undefined;
  return (await isCycling(manager, metadata, id)) ? 'Make its sequence one without CYCLE' : undefined;
}

/** Without it a new row gets the number after the largest that is there. */
async function hasAutoincrement(manager: EntityManager, table: string): Promise<boolean> {
  const statement = "SELECT sql FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?)";
  const [row] = await manager.query<{ sql: string | null }[]>(statement, [table]);
  return AUTOINCREMENT.test((row?.sql ?? '').replaceAll(SQL_ASIDES, ' '));
}

async function isCycling(
  manager: EntityManager,
  { tablePath }: EntityMetadata,
  { column }: UserIdColumn,
): Promise<boolean> {
  const { driver } = manager.connection;
  const table = tablePath.split('.').map((name) => driver.escape(name));
  const rows = await manager.query<unknown[]>(
    'SELECT 1 FROM pg_catalog.pg_sequence WHERE seqcycle AND seqrelid = pg_catalog.pg_get_serial_sequence($1, $2)::regclass',
    [table.join('.'), column.databaseName],
  );
  return rows.length > 0;
}
