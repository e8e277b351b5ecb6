import type { ColumnOptions, ValueTransformer } from 'typeorm';

/** Epoch milliseconds: `bigint` means the same in every database, where date columns shift by zone or lose digits. */
const epochMs: ValueTransformer = {
  to: (value: number | null | undefined) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};

/** Options of a column that holds a moment as epoch milliseconds. */
export function moment(name: string, options: ColumnOptions = {}): ColumnOptions {
  return { name, type: 'bigint', transformer: epochMs, ...options };
}

/** Of the whole process: the command line may have read another copy of this file than the entities did. */
const EXACT = Symbol.for('gatehouse:exact-text');

/** Options of a text column in which `a` is neither `A` nor `á` nor `a` with a space behind it. */
export interface ExactText {
  readonly name: string;
  readonly type: 'varchar';
  readonly length: number;
}

/**
 * Options of a column whose text identifies something: compared to the byte. PostgreSQL and SQLite do so by themselves.
 * On MySQL the collation decides, and the usual ones do not; TypeORM can name one only for all databases, so that
 * `MysqlRules` sees to it.
 */
export function exactText(name: string, length: number): ExactText {
  return Object.assign({ name, type: 'varchar' as const, length }, { [EXACT]: true });
}

/** Options of a column that holds one of our ids or a user's. */
export function idColumn(name: string): ExactText {
  return exactText(name, 36);
}

/** Whether a column was declared with `exactText`. */
export function isExactText(options: ColumnOptions): boolean {
  return EXACT in options;
}
