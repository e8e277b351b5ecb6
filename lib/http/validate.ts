import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { FieldProblem } from '../errors/auth-error.js';

export type Validated<T> =
  | { readonly value: T; readonly problems?: undefined }
  | { readonly value?: undefined; readonly problems: readonly FieldProblem[] };

/** valibot's names of the rules that people meet most, in the words of the contract. */
const RULES: Readonly<Record<string, string>> = {
  strict_object: 'unknown',
  loose_object: 'object',
  string: 'type',
  boolean: 'type',
  number: 'type',
  picklist: 'oneOf',
  max_length: 'maxLength',
  min_length: 'minLength',
  check: 'format',
};

/** Checks a value against a Standard Schema and lists every problem at once. */
export async function validate<T>(schema: StandardSchemaV1<unknown, T>, input: unknown): Promise<Validated<T>> {
  const result = await schema['~standard'].validate(input);
  return result.issues === undefined ? { value: result.value } : { problems: result.issues.map(problem) };
}

function problem(issue: StandardSchemaV1.Issue): FieldProblem {
  const path = (issue.path ?? []).map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  const { type, expected, input } = issue as { type?: unknown; expected?: unknown; input?: unknown };
  const missing = type === 'strict_object' || type === 'loose_object' ? expected !== 'never' : input === undefined;
  const rule = typeof type === 'string' ? (missing && path.length > 0 ? 'required' : (RULES[type] ?? type)) : 'invalid';
  return { field: path.join('.'), rule, message: TEXT[rule] ?? issue.message };
}

const TEXT: Readonly<Record<string, string>> = {
  required: 'This field is required.',
  unknown: 'This field is not known.',
  object: 'A JSON object is expected.',
  type: 'This field has the wrong type.',
  oneOf: 'This is none of the possible values.',
  maxLength: 'This is too long.',
  minLength: 'This is too short.',
};
