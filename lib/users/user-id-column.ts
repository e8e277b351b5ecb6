import type { DataSource, EntityMetadata } from 'typeorm';
import { columnType, isSqlite, isTextType, type ColumnMetadata } from './column-types.js';

type Driver = DataSource['driver'];

/** An id as statements take it. */
export type UserKey = string | number | bigint;

export type UserIdKind = 'text' | 'uuid' | 'integer';

/** What `auth_*.user_id` holds. */
export const USER_ID_LENGTH = 36;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
// One spelling a number: '01', '1e3', '+1' and ' 1' would reach row 1 or 1000 under a second name.
const INTEGER = /^(?:0|[1-9][0-9]{0,19})$/;
const BITS: Readonly<Record<string, number>> = {
  tinyint: 8,
  smallint: 16,
  mediumint: 24,
  int: 32,
  integer: 32,
  bigint: 64,
  int8: 64,
};

/**
 * The id of a user: text everywhere but in the user table, where it may be a number or a `uuid`. Each id has exactly one
 * text; whatever is not that text is no id.
 */
export class UserIdColumn {
  readonly kind: UserIdKind | undefined;
  private readonly type: string;

  constructor(
    private readonly driver: Driver,
    readonly column: ColumnMetadata,
  ) {
    this.type = columnType(driver, column);
    this.kind = kindOf(this.type);
  }

  /** Whether Gatehouse makes the id of a new user. Otherwise the database does. */
  get isOurs(): boolean {
    return this.kind !== 'integer' && !(this.column.isGenerated && this.driver.isUUIDGenerationSupported());
  }

  /** Numbers start again: after a restart, a truncated table or a sequence that was set. */
  get mayReturn(): boolean {
    return this.kind === 'integer';
  }

  /** The parameter for a statement; `undefined` for a text that is no id of this table. */
  keyOf(userId: string): UserKey | undefined {
    if (this.kind === 'uuid') return UUID.test(userId) ? userId : undefined;
    if (this.kind === 'text') return isShortText(userId) ? userId : undefined;
    if (!INTEGER.test(userId) || BigInt(userId) > this.largest()) return undefined;
    const number = Number(userId);
    return Number.isSafeInteger(number) ? number : BigInt(userId);
  }

  /** The text of a loaded user's id. */
  textOf(user: object): string {
    return String(this.column.getEntityValue(user, true));
  }

  /** The property's value for a key, as the entity holds it. */
  valueOf(key: UserKey): unknown {
    return this.driver.prepareHydratedValue(key, this.column) as unknown;
  }

  /** SQL of the id as text, from SQL of the id. PostgreSQL compares no number with text; MariaDB would, as doubles. */
  asText(path: string): string {
    if (this.kind === 'text') return path;
    if (this.driver.options.type === 'postgres') return `CAST(${path} AS varchar)`;
    return isSqlite(this.driver) ? `CAST(${path} AS text)` : `CAST(${path} AS char)`;
  }

  /** The id that the database made, out of what its insert answered. */
  generatedIn(raw: unknown): UserKey {
    const [row] = Array.isArray(raw) ? (raw as Readonly<Record<string, UserKey>>[]) : [];
    const id = row?.[this.column.databaseName] ?? (raw as { insertId?: UserKey }).insertId ?? raw;
    if (typeof id !== 'string' && typeof id !== 'number' && typeof id !== 'bigint') {
      throw new Error(`The database did not answer the id that it made for ${this.column.propertyPath}.`);
    }
    return id;
  }

  private largest(): bigint {
    // Its driver reads numbers above as their neighbours.
    if (isSqlite(this.driver)) return BigInt(Number.MAX_SAFE_INTEGER);
    const bits = BITS[this.type] ?? 32;
    return 2n ** BigInt(this.column.unsigned ? bits : bits - 1) - 1n;
  }
}

/** Whether rows are told apart by this column alone. */
export function isUniqueColumn({ primaryColumns, indices, uniques }: EntityMetadata, column: ColumnMetadata): boolean {
  const alone = (columns: readonly ColumnMetadata[]): boolean => columns.length === 1 && columns[0] === column;
  return (
    alone(primaryColumns) ||
    indices.some((index) => index.isUnique && (index.where ?? '') === '' && alone(index.columns)) ||
    uniques.some((unique) => alone(unique.columns))
  );
}

function kindOf(type: string): UserIdKind | undefined {
  if (type === 'uuid') return 'uuid';
  if (BITS[type] !== undefined) return 'integer';
  return isTextType(type) || ['character', 'char', 'nchar'].includes(type) ? 'text' : undefined;
}

function isShortText(text: string): boolean {
  return text !== '' && text.length <= USER_ID_LENGTH && !text.includes('\0');
}
