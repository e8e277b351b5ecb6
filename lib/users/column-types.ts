import type { DataSource, EntityMetadata } from 'typeorm';

export type ColumnMetadata = EntityMetadata['columns'][number];

/** How a column holds a moment: epoch ms, a date with its time, or only whether it has come. */
export type MomentKind = 'ms' | 'date' | 'flag';

type Driver = DataSource['driver'];

const TEXT = new Set([
  'varchar',
  'character varying',
  'nvarchar',
  'text',
  'tinytext',
  'mediumtext',
  'longtext',
  'citext',
]);
const DATES = new Set(['datetime', 'timestamp', 'timestamp without time zone', 'timestamp with time zone']);

/** The database's own name of a column's type. */
export function columnType(driver: Driver, column: ColumnMetadata): string {
  return driver.normalizeType(column).toLowerCase();
}

/** Whose integers have 64 bits each, whatever their type is called. */
export function isSqlite({ options }: Driver): boolean {
  return options.type === 'better-sqlite3' || options.type === 'sqljs';
}

/** Text without padding at its end. */
export function isTextType(type: string): boolean {
  return TEXT.has(type);
}

export function momentKind(driver: Driver, column: ColumnMetadata): MomentKind | undefined {
  const type = columnType(driver, column);
  if (type === 'boolean' || type === 'tinyint') return 'flag';
  if (DATES.has(type)) return 'date';
  // 32 bits of milliseconds end in January 1970.
  return type === 'bigint' || (isSqlite(driver) && ['integer', 'int8'].includes(type)) ? 'ms' : undefined;
}

/**
 * Whether a transformer, if there is one, leaves this value as it is both ways: statements of ours see what the database
 * holds, and would not be followed by one that encrypts or encodes.
 */
export function leavesAlone({ transformer }: ColumnMetadata, value: unknown): boolean {
  if (transformer === undefined) return true;
  try {
    return [transformer].flat().every((one) => same(one.to(value), value) && same(one.from(value), value));
  } catch {
    return false;
  }
}

function same(one: unknown, other: unknown): boolean {
  return one instanceof Date && other instanceof Date ? one.getTime() === other.getTime() : one === other;
}
