import { Injectable } from '@nestjs/common';
import type { FieldProblem } from '../errors/auth-error.js';
import type { ColumnMetadata } from './column-types.js';
import { takes } from './column-values.js';
import { findColumn } from './user-column-map.js';
import { UserTable } from './user-table.js';

/**
 * What no column can hold, found before a statement is tried: an error of the database would answer 500, and only where
 * the statement is run.
 */
@Injectable()
export class ColumnLimits {
  constructor(private readonly table: UserTable) {}

  /** Text with NUL, which PostgreSQL refuses, text longer than its column, and values that its type does not take. */
  problems(values: Readonly<Record<string, unknown>>): FieldProblem[] {
    const { metadata } = this.table;
    return Object.entries(values).flatMap(([field, value]) => {
      const column = findColumn(metadata, field);
      if (column !== undefined && !takes(column, value, metadata.dataSource)) {
        return [{ field, rule: 'format', message: 'This value cannot be stored.' }];
      }
      if (hasNul(value)) {
        return [{ field, rule: 'format', message: 'This contains a character that cannot be stored.' }];
      }
      return typeof value === 'string' ? tooLong(field, value, column) : [];
    });
  }

  /** An address that is longer than the table's own column for it. */
  emailProblems(email: string): FieldProblem[] {
    const { columns } = this.table;
    return tooLong('email', email.trim(), columns.column('email')).concat(
      tooLong('email', email.trim(), columns.find('emailCanonical')),
    );
  }
}

function hasNul(value: unknown): boolean {
  const plain = (_: string, part: unknown): unknown => (typeof part === 'bigint' ? String(part) : part);
  return JSON.stringify(value, plain)?.includes('\\u0000') === true;
}

function tooLong(field: string, text: string, column: ColumnMetadata | undefined): FieldProblem[] {
  const length = Number(column?.length);
  if (!(length > 0) || [...text].length <= length) return [];
  return [{ field, rule: 'maxLength', message: `Use at most ${length} characters.` }];
}
