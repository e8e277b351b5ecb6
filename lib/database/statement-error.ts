import { QueryFailedError } from 'typeorm';

/** A statement that failed, without its text and parameters: they hold addresses and hashes, and errors are logged. */
export class StatementError extends Error {
  override readonly name = 'StatementError';

  constructor(
    message: string,
    /** The driver's own: `23505`, `ER_DUP_ENTRY`, `SQLITE_CONSTRAINT_UNIQUE`. */
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

interface DriverMessage {
  readonly code?: unknown;
  readonly errno?: unknown;
  /** Of mysql2 alone. */
  readonly sqlMessage?: unknown;
}

/** Messages of MySQL that name tables and columns. Others quote values, that of a duplicate for one. */
const OF_THE_SCHEMA = new Set([
  'ER_BAD_DB_ERROR',
  'ER_BAD_FIELD_ERROR',
  'ER_BAD_NULL_ERROR',
  'ER_COLUMNACCESS_DENIED_ERROR',
  'ER_DATA_TOO_LONG',
  'ER_DBACCESS_DENIED_ERROR',
  'ER_NO_DEFAULT_FOR_FIELD',
  'ER_NO_REFERENCED_ROW_2',
  'ER_NO_SUCH_TABLE',
  'ER_ROW_IS_REFERENCED_2',
  'ER_TABLEACCESS_DENIED_ERROR',
]);

function messageOf(error: Error): string {
  const { code, errno, sqlMessage } = error as DriverMessage;
  const name = String(code ?? errno);
  if (sqlMessage === undefined || OF_THE_SCHEMA.has(name)) return error.message;
  const key = / for key '([^']*)'$/.exec(error.message)?.[1];
  return key === undefined ? name : `${name} (${key})`;
}

/** The error, or what may be shown of it. */
export function withoutValues(error: unknown): unknown {
  if (error instanceof QueryFailedError) {
    const { code } = error as { code?: unknown };
    return new StatementError(messageOf(error), typeof code === 'string' ? code : undefined);
  }
  if (error instanceof Error && error.cause instanceof QueryFailedError) error.cause = withoutValues(error.cause);
  return error;
}
