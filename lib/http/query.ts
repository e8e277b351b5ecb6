import { isRowId } from '../common/row-id.js';
import { AuthError } from '../errors/auth-error.js';

const MAX_LIMIT = 100;
const LONGEST_NAME = 64;

/** Refuses a parameter of another name: a filter with a slip would show too much. */
export function onlyKnown(parameters: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const [unknown] = Object.keys(parameters).filter((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(unknown.slice(0, LONGEST_NAME), 'unknown', 'There is no such parameter.');
}

/** `?limit=` from 1 to 100; `undefined` when absent. */
export function pageSize(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const limit = typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : Number.NaN;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw invalid('limit', 'range', `This is a whole number from 1 to ${MAX_LIMIT}.`);
}

export function rowId(field: string, value: unknown): string {
  if (isRowId(value)) return value;
  throw invalid(field, 'format', 'This is not an id of ours.');
}

export function flag(field: string, value: unknown, preset: boolean): boolean {
  if (value === undefined) return preset;
  if (value === 'true') return true;
  if (value === 'false') return false;
  throw invalid(field, 'oneOf', 'This is true or false.');
}

/** One of a closed list; `undefined` when absent. */
export function oneOf<const T extends string>(field: string, value: unknown, allowed: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw invalid(field, 'oneOf', `This is one of ${allowed.join(', ')}.`);
}

export function invalid(field: string, rule: string, message: string): AuthError {
  return new AuthError('VALIDATION_FAILED', { details: [{ field, rule, message }] });
}
