import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { FieldProblem } from '../errors/auth-error.js';

export type Validated<T> =
  | { readonly value: T; readonly problems?: undefined }
  | { readonly value?: undefined; readonly problems: readonly FieldProblem[] };

const MOST_UNKNOWN = 20;
const LONGEST_NAME = 64;

/** valibot's names of the rules that people meet most, in the words of the documentation. */
const RULES: Readonly<Record<string, string>> = {
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
  if (result.issues === undefined) return { value: result.value };
  const problems = result.issues.map(problem);
  const known = (schema as { readonly entries?: object }).entries;
  if (known === undefined || !problems.some(({ rule }) => rule === 'unknown')) return { problems };
  // valibot stops at the first field that is not known; people want to read of all of them.
  const unknown = unknownFields(input as object, new Set(Object.keys(known)));
  return { problems: [...problems.filter(({ rule }) => rule !== 'unknown'), ...unknown] };
}

/** One problem for each field that is not known; so many, and so much of their names, as a person reads. */
export function unknownFields(input: object, known: ReadonlySet<string>): FieldProblem[] {
  return Object.keys(input)
    .filter((field) => !known.has(field))
    .slice(0, MOST_UNKNOWN)
    .map((field) => ({ field: field.slice(0, LONGEST_NAME), rule: 'unknown', message: TEXT['unknown']! }));
}

function problem(issue: StandardSchemaV1.Issue): FieldProblem {
  const path = (issue.path ?? []).map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  const rule = ruleOf(issue as ValibotIssue, path.length === 0);
  return { field: path.join('.'), rule, message: TEXT[rule] ?? issue.message };
}

interface ValibotIssue {
  readonly type?: unknown;
  readonly expected?: unknown;
  readonly input?: unknown;
}

function ruleOf({ type, expected, input }: ValibotIssue, isWhole: boolean): string {
  if (typeof type !== 'string') return 'invalid';
  if (type === 'strict_object' || type === 'loose_object') {
    if (isWhole) return 'object';
    return expected === 'never' ? 'unknown' : 'required';
  }
  return input === undefined && !isWhole ? 'required' : (RULES[type] ?? type);
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
