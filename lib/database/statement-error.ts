import { QueryFailedError } from 'typeorm';

/** A statement that failed, without its text and parameters: they hold addresses and hashes, and errors are logged. */
export class StatementError extends Error {
  override readonly name = 'StatementError';

  constructor(
    message: string,
    /** The driver's own: `23505`, `SQLITE_CONSTRAINT_UNIQUE`. */
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

/** The error, or what may be shown of it. */
export function withoutValues(error: unknown): unknown {
  if (error instanceof QueryFailedError) {
    const { code } = error as { code?: unknown };
    return new StatementError(error.message, typeof code === 'string' ? code : undefined);
  }
  if (error instanceof Error && error.cause instanceof QueryFailedError) error.cause = withoutValues(error.cause);
  return error;
}
