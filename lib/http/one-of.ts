import * as v from 'valibot';
import { AuthError, type FieldProblem } from '../errors/auth-error.js';
import { unknownFields, validate } from './validate.js';

/** One of several things that a body may carry, told by a field of its name. */
export interface Carried {
  readonly kind: string;
  /** Schemas of its fields, `kind` among them. */
  readonly fields: Readonly<Record<string, v.GenericSchema>>;
}

export interface OneOf<T extends Carried> {
  readonly carried: T;
  /** Its own fields, and those that all have in common. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Reads a body that carries exactly one of these, and the common fields. Throws `VALIDATION_FAILED` (400). */
export async function readOneOf<T extends Carried>(
  kinds: readonly T[],
  common: Readonly<Record<string, v.GenericSchema>>,
  body: unknown,
): Promise<OneOf<T>> {
  const given = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
  const [carried, ...others] = kinds.filter(({ kind }) => Object.hasOwn(given, kind));
  if (carried === undefined || others.length > 0) {
    const known = [common, ...kinds.map(({ fields }) => fields)].flatMap(Object.keys);
    throw invalid([...unknownFields(given, new Set(known)), notOne(kinds)]);
  }
  const schema = v.strictObject({ ...carried.fields, ...common });
  const { value, problems } = await validate<Record<string, unknown>>(schema, given);
  if (problems !== undefined) throw invalid(problems);
  return { carried, fields: value };
}

function notOne(kinds: readonly Carried[]): FieldProblem {
  const names = kinds.map(({ kind }) => kind).join(', ');
  return { field: '', rule: 'exactlyOne', message: `Exactly one of these is expected: ${names}.` };
}

function invalid(details: readonly FieldProblem[]): AuthError {
  return new AuthError('VALIDATION_FAILED', { details });
}
