import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { FieldProblem } from '../errors/auth-error.js';
import type { AuthStructure } from '../options/auth-options.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';

/**
 * What no column can hold, found before a statement is tried: an error of the database would answer 500, and only where
 * the statement is run.
 */
@Injectable()
export class ColumnLimits {
  constructor(
    private readonly database: Database,
    @Inject(AUTH_STRUCTURE) private readonly structure: AuthStructure,
  ) {}

  /** Text with NUL, which PostgreSQL refuses, and text longer than its column. */
  problems(values: Readonly<Record<string, unknown>>): FieldProblem[] {
    const { columns } = this.database.dataSource.getMetadata(this.structure.userEntity);
    return Object.entries(values).flatMap(([field, value]) => {
      if (JSON.stringify(value)?.includes('\\u0000') === true) {
        return [{ field, rule: 'format', message: 'This contains a character that cannot be stored.' }];
      }
      const length = Number(columns.find(({ propertyName }) => propertyName === field)?.length);
      const tooLong = typeof value === 'string' && length > 0 && [...value].length > length;
      return tooLong ? [{ field, rule: 'maxLength', message: `Use at most ${length} characters.` }] : [];
    });
  }
}
