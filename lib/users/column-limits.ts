import { Injectable } from '@nestjs/common';
import type { FieldProblem } from '../errors/auth-error.js';
import type { ColumnMetadata } from './column-types.js';
import { findColumn } from './user-column-map.js';
import { UserTable } from './user-table.js';

/**
 * What no column can hold, found before a statement is tried: an error of the database would answer 500, and only where
 * the statement is run.
 */
@Injectable()
export class ColumnLimits {
  constructor(private readonly table: UserTable) {}

  /** Text with NUL, which PostgreSQL refuses, and text longer than its column. */
  problems(values: Readonly<Record<string, unknown>>): FieldProblem[] {
    const { metadata } = this.table;
    return Object.entries(values).flatMap(([field, value]) => {
      if (JSON.stringify(value)?.includes('\\u0000') === true) {
        return [{ field, rule: 'format', message: 'This contains a character that cannot be stored.' }];
      }
      return typeof value === 'string' ? tooLong(field, value, findColumn(metadata, field)) : [];
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

function tooLong(field: string, text: string, column: ColumnMetadata | undefined): FieldProblem[] {
  const length = Number(column?.length);
  if (!(length > 0) || [...text].length <= length) return [];
  return [{ field, rule: 'maxLength', message: `Use at most ${length} characters.` }];
}
