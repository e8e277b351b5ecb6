import type { Field, Group, Shape } from './fields.js';
import { VALUE_OPTIONS } from './value-options.js';
import { STRUCTURE_OPTIONS } from './structure.js';

/** One option as the documentation lists it. */
export interface OptionRow {
  /** Such as `sessions.idle`. */
  readonly path: string;
  /** As TypeScript would write it, or `required`, `none` or a short description. */
  readonly default: string;
}

/** Every option with its default, in the order of its definition. docs/options.md is held against it. */
export function optionsTable(): readonly OptionRow[] {
  return [...rows(STRUCTURE_OPTIONS, ''), ...rows(VALUE_OPTIONS, '')];
}

function rows(shape: Shape, prefix: string): OptionRow[] {
  return Object.entries(shape).flatMap(([key, member]) => rowsOf(member, `${prefix}${key}`));
}

function rowsOf(member: Field<unknown> | Group<Shape>, path: string): OptionRow[] {
  return member.kind === 'group' ? rows(member.fields, `${path}.`) : [{ path, default: member.shownDefault }];
}
