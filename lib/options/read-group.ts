import { didYouMean } from './did-you-mean.js';
import { isRecord, type Field, type Group, type Read, type Shape } from './fields.js';
import { childPath, type Problems } from './problems.js';

/** What reading an option needs beside its value. */
export interface Reading {
  readonly problems: Problems;
  /** In production a key that is present without a value is a problem; elsewhere it counts as left out. */
  readonly refuseEmpty: boolean;
}

/** Reads a group: every key is checked, keys that nobody knows are problems. */
export function readGroup<S extends Shape>(fields: S, value: unknown, path: string, reading: Reading): Read<S> {
  const given = isRecord(value) ? value : {};
  if (value !== undefined && !isRecord(value)) reading.problems.add(path, 'must be an object of options.');
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(fields, key)) unknownKey(key, Object.keys(fields), path, reading.problems);
  }
  const entries = Object.entries(fields).map(([key, member]) => [key, readMember(member, given, key, path, reading)]);
  return Object.fromEntries(entries) as Read<S>;
}

function readMember(
  member: Field<unknown> | Group<Shape>,
  given: Readonly<Record<string, unknown>>,
  key: string,
  path: string,
  reading: Reading,
): unknown {
  const at = childPath(path, key);
  const value = given[key];
  const empty = value === undefined || value === '';
  const needed = member.kind === 'field' && member.required;
  if (empty && key in given && reading.refuseEmpty && !needed) {
    reading.problems.add(at, 'is there without a value. Give it one, or leave the key out.');
  }
  if (member.kind === 'group') return readGroup(member.fields, empty ? undefined : value, at, reading);
  return empty ? member.missing(at, reading.problems) : member.parse(value, at, reading.problems);
}

function unknownKey(key: string, known: readonly string[], path: string, problems: Problems): void {
  const meant = didYouMean(key, known);
  problems.add(
    childPath(path, key),
    `is no option.${meant === undefined ? '' : ` Did you mean ${childPath(path, meant)}?`}`,
  );
}
