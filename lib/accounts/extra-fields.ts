import { Injectable } from '@nestjs/common';
import type { FieldProblem } from '../errors/auth-error.js';
import { unknownFields, validate } from '../http/validate.js';
import type { FieldSchema } from '../options/auth-options.js';
import { declaredFields } from '../options/declared-fields.js';
import { ColumnLimits } from '../users/column-limits.js';
import { UserTable } from '../users/user-table.js';

export interface CheckedFields {
  readonly values: Readonly<Record<string, unknown>>;
  readonly problems: readonly FieldProblem[];
}

/** Columns of the application that a request may set: those its schema names, and of them none of ours. */
@Injectable()
export class ExtraFields {
  constructor(
    private readonly limits: ColumnLimits,
    private readonly table: UserTable,
  ) {}

  /** Input and output are both held to the names: a schema may let more through, rename or add. */
  async check(schema: FieldSchema | undefined, given: Readonly<Record<string, unknown>>): Promise<CheckedFields> {
    const allowed = new Set(declaredFields(schema).filter((name) => !this.table.columns.owned.has(name)));
    const unknown = unknownFields(given, allowed);
    if (schema === undefined) return { values: {}, problems: unknown };
    const { value, problems = [] } = await validate(schema, pick(given, allowed));
    const values = pick(value ?? {}, allowed);
    return { values, problems: [...unknown, ...problems, ...this.limits.problems(values)] };
  }
}

function pick(from: Readonly<Record<string, unknown>>, names: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.has(name)));
}
