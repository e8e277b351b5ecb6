const UNIQUE_VIOLATION = new Set(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', '23505', 'ER_DUP_ENTRY']);

const UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'POOL_NONEONLINE',
  'ER_CANT_CREATE_THREAD',
  'ER_CHECKREAD',
  'ER_CLIENT_INTERACTION_TIMEOUT',
  'ER_CON_COUNT_ERROR',
  'ER_DISK_FULL',
  'ER_ERROR_DURING_COMMIT',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_NOWAIT',
  'ER_LOCK_TABLE_FULL',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_OUTOFMEMORY',
  'ER_OUT_OF_RESOURCES',
  'ER_QUERY_TIMEOUT',
  'ER_READ_ONLY_MODE',
  'ER_RECORD_FILE_FULL',
  'ER_SERVER_SHUTDOWN',
  'ER_TOO_MANY_CONCURRENT_TRXS',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_USER_LIMIT_REACHED',
  'SQLITE_BUSY',
  'SQLITE_LOCKED',
  'SQLITE_CANTOPEN',
  'SQLITE_FULL',
  'SQLITE_READONLY',
]);

// Classes of SQLSTATE: connection exceptions, insufficient resources, operator intervention, transaction rollback, and
// read-only servers during a failover; MySQL's own for what was killed or took too long.
const UNAVAILABLE_SQLSTATE = /^(?:08|53|57|40)...$|^25006$|^70100$/;

// TypeORM gives a connection back by itself when it is lost between two statements, and refuses the second one.
const UNAVAILABLE_TEXT =
  /query runner (?:was )?already released|connection (?:terminated|is not open|error|timeout)|not queryable|timeout exceeded when trying to connect|connection (?:is closed|lost)|in closed state|pool is closed|no connections available|queue limit reached|driver not connected|is not (?:initialized|established|open)/i;

interface DriverError {
  readonly code?: unknown;
  /** Of mysql2, which knows no names for some of MariaDB's numbers. PostgreSQL's driver has it in `code`. */
  readonly sqlState?: unknown;
  readonly driverError?: unknown;
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code, driverError } = error as DriverError;
  return typeof code === 'string' ? code : codeOf(driverError);
}

function sqlStateOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { sqlState, driverError } = error as DriverError;
  return typeof sqlState === 'string' ? sqlState : codeOf(driverError ?? error);
}

/** Whether SQLite could not begin a transaction because the connection is in one. */
export function isWithinTransaction(error: unknown): boolean {
  return error instanceof Error && /within a transaction/i.test(error.message);
}

/** Whether a statement failed because a unique index already holds the value. */
export function isUniqueViolation(error: unknown): boolean {
  return UNIQUE_VIOLATION.has(codeOf(error));
}

/** Whether a statement failed because the database cannot be used at the moment. */
export function isUnavailable(error: unknown): boolean {
  const code = codeOf(error);
  if (UNAVAILABLE.has(code) || code.startsWith('SQLITE_IOERR')) return true;
  if (UNAVAILABLE_SQLSTATE.test(sqlStateOf(error))) return true;
  return error instanceof Error && UNAVAILABLE_TEXT.test(error.message);
}
