import { durationMs, type Duration } from '../common/duration.js';
import type { Problems } from './problems.js';

/** One option: how its value is read, and its default as the documentation shows it. */
export interface Field<T> {
  readonly kind: 'field';
  readonly shownDefault: string;
  readonly required: boolean;
  /** The value of an option that was given; reports a problem and answers the default when it is not valid. */
  parse(value: unknown, path: string, problems: Problems): T;
  /** The value of an option that was left out. */
  missing(path: string, problems: Problems): T;
}

/** Options under a common key. */
export interface Group<S extends Shape> {
  readonly kind: 'group';
  readonly fields: S;
}

export type Shape = { readonly [key: string]: Field<unknown> | Group<Shape> };

/** A field, or a group of them, for each option of a type. */
export type FieldsOf<T> = Record<keyof T, Field<unknown> | Group<Shape>>;

export type Read<S extends Shape> = {
  readonly [K in keyof S]: S[K] extends Field<infer T> ? T : S[K] extends Group<infer G> ? Read<G> : never;
};

/** Says what is wrong with a value, or nothing when it is good. */
export type Complaint = (value: unknown) => string | undefined;

export function group<const S extends Shape>(fields: S): Group<S> {
  return { kind: 'group', fields };
}

/** A field of any kind: `complain` judges, `convert` runs on good values alone. */
export function field<T>(
  fallback: T,
  complain: Complaint,
  convert: (value: unknown) => T = (value) => value as T,
  shownDefault: string = show(fallback),
): Field<T> {
  return {
    kind: 'field',
    shownDefault,
    required: false,
    missing: () => fallback,
    parse(value, path, problems) {
      const complaint = complain(value);
      if (complaint === undefined) return convert(value);
      problems.add(path, complaint);
      return fallback;
    },
  };
}

/** A field that must be there. `advice` says how to come by a value. */
export function required<T>(inner: Field<T>, advice: string): Field<T> {
  return {
    ...inner,
    shownDefault: 'required',
    required: true,
    missing(path, problems) {
      problems.add(path, `is missing. ${advice}`);
      return inner.missing(path, problems);
    },
  };
}

export function text(fallback: string, maxLength = 200): Field<string> {
  return field(fallback, (value) => textProblem(value, maxLength));
}

export function optionalText(maxLength = 200): Field<string | undefined> {
  return field<string | undefined>(undefined, (value) => textProblem(value, maxLength));
}

export function flag(fallback: boolean): Field<boolean> {
  return field(fallback, (value) => (typeof value === 'boolean' ? undefined : 'must be true or false.'));
}

export function whole(fallback: number, min: number, max: number, shownDefault?: string): Field<number> {
  const good = (value: unknown) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
  return field(
    fallback,
    (value) => (good(value) ? undefined : `must be a whole number from ${min} to ${max}.`),
    Number,
    shownDefault,
  );
}

export function oneOf<const T extends string>(fallback: T, values: readonly T[]): Field<T> {
  const known: readonly unknown[] = values;
  const names = values.map((value) => `'${value}'`).join(', ');
  return field(fallback, (value) => (known.includes(value) ? undefined : `must be one of ${names}.`));
}

/** A {@link Duration}, read as milliseconds. */
export function duration(fallback: Duration, min: Duration = '1ms', max: Duration = '400d'): Field<number> {
  const [low, high] = [durationMs(min)!, durationMs(max)!];
  return field(
    durationMs(fallback)!,
    (value) => {
      const ms = typeof value === 'string' ? durationMs(value) : undefined;
      if (ms === undefined) return `must be a number with its unit (ms, s, m, h, d), such as '${fallback}'.`;
      return ms >= low && ms <= high ? undefined : `must be from '${min}' to '${max}'.`;
    },
    (value) => durationMs(value as string)!,
    `'${fallback}'`,
  );
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** A moment in ISO 8601 with its zone, read as epoch ms. */
export function moment(): Field<number | undefined> {
  return field<number | undefined>(
    undefined,
    (value) =>
      typeof value === 'string' && MOMENT.test(value) && !Number.isNaN(Date.parse(value)) && isInCalendar(value)
        ? undefined
        : "must be a moment with its zone, such as '2027-01-31T00:00:00Z'.",
    (value) => Date.parse(value as string),
  );
}

/** JavaScript takes 30 February for 2 March. */
function isInCalendar(moment: string): boolean {
  const day = moment.slice(0, 'yyyy-mm-dd'.length);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

function textProblem(value: unknown, maxLength: number): string | undefined {
  if (typeof value !== 'string') return 'must be text.';
  if (value.trim() === '') return 'must not be empty.';
  return value.length <= maxLength ? undefined : `must be at most ${maxLength} characters long.`;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A default as TypeScript would write it. */
export function show(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (!isRecord(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${key}: ${show(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
