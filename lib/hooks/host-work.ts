import { isUniqueViolation } from '../database/driver-errors.js';
import { withinDeadline } from './within-deadline.js';

/**
 * Runs the application's code inside a transaction of ours. The deadline ends the transaction as well: it would hold its
 * connection, on SQLite everybody's, for ever. What a unique index of the application's says is an error like any other
 * here, and no lost claim of ours.
 */
export async function hostWork<T>(name: string, work: () => T | Promise<T>, deadlineMs: number): Promise<T> {
  try {
    return await withinDeadline(work, deadlineMs);
  } catch (error) {
    throw isUniqueViolation(error) ? new Error(`${name} failed: a value is taken.`, { cause: error }) : error;
  }
}
