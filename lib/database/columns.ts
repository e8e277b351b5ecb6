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

/** Options of a column that holds one of our ids or a user's. */
export function idColumn(name: string): { name: string; type: 'varchar'; length: number } {
  return { name, type: 'varchar', length: 36 };
}
