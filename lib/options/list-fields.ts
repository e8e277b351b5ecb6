import { parseNetwork } from '../common/client-address.js';
import { isRecord, show, type Field } from './fields.js';
import { childPath, type Problems } from './problems.js';

/** Says what is wrong with one item, or nothing when it is good. */
type ItemComplaint = (item: unknown) => string | undefined;

const ROLE = /^[A-Za-z][\w.:-]{0,63}$/;
const PERMISSION = /^(?:\*|[A-Za-z][\w.-]{0,63}:(?:\*|[A-Za-z][\w.-]{0,63}))$/;
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]{1,128}$/;
const PROPERTY = /^[A-Za-z_$][\w$]{0,63}$/;
const CHECK_ID = /^[a-z]+\.[a-z0-9-]+$/;

export const wordProblem: ItemComplaint = (item) =>
  typeof item === 'string' && item.trim() !== '' ? undefined : 'must be text that is not empty.';
export const roleProblem = pattern(ROLE, 'must be the name of a role: a letter, then letters, digits and . : _ -');
export const permissionProblem = pattern(PERMISSION, "must be a permission: 'resource:action', 'resource:*' or '*'.");
export const propertyProblem = pattern(PROPERTY, 'must be the name of a property of the user entity.');

export const cidrProblem: ItemComplaint = (item) =>
  typeof item === 'string' && item.includes('/') && parseNetwork(item) !== undefined
    ? undefined
    : "must be a network in CIDR form, such as '192.0.2.0/24'.";

interface ListRules {
  readonly convert?: (item: string) => string;
  readonly notEmpty?: boolean;
}

/** A list without duplicates, whose every item is good. */
export function list<T extends string = string>(
  fallback: readonly T[],
  complain: ItemComplaint,
  rules: ListRules = {},
): Field<readonly T[]> {
  return {
    kind: 'field',
    shownDefault: show(fallback),
    required: false,
    missing: () => fallback,
    parse(value, path, problems) {
      if (!Array.isArray(value)) return complaintOf(path, 'must be a list.', problems, fallback);
      if (rules.notEmpty === true && value.length === 0)
        return complaintOf(path, 'must not be empty.', problems, fallback);
      const items = (value as unknown[]).filter((item, index) => {
        const complaint = complain(item);
        if (complaint !== undefined) problems.add(`${path}[${index}]`, complaint);
        return complaint === undefined;
      });
      const { convert = (item: string) => item } = rules;
      return [...new Set(items.map((item) => convert(item as string)))] as T[];
    },
  };
}

/** Permissions by role. */
export function grants(
  fallback: Readonly<Record<string, readonly string[]>>,
): Field<Readonly<Record<string, readonly string[]>>> {
  return {
    kind: 'field',
    shownDefault: show(fallback),
    required: false,
    missing: () => fallback,
    parse: (value, path, problems) =>
      entriesOf(value, path, problems, (role, permissions, at) => {
        const complaint = roleProblem(role);
        if (complaint !== undefined) problems.add(at, complaint);
        return list([], permissionProblem).parse(permissions, at, problems);
      }),
  };
}

/** Who may be granted a scope, by scope (RFC 6749 §3.3). */
export function scopeGrants(): Field<Readonly<Record<string, 'everyone' | readonly string[]>>> {
  return {
    kind: 'field',
    shownDefault: '{}',
    required: false,
    missing: () => ({}),
    parse: (value, path, problems) =>
      entriesOf(value, path, problems, (scope, who, at) => {
        if (!SCOPE.test(scope)) problems.add(at, 'must be a scope: printable ASCII without space, " and \\.');
        return who === 'everyone' ? 'everyone' : list([], roleProblem, { notEmpty: true }).parse(who, at, problems);
      }),
  };
}

/** Reasons by check id. Whether a check of that name exists is known once all are collected. */
export function acceptances(): Field<Readonly<Record<string, string>>> {
  return {
    kind: 'field',
    shownDefault: '{}',
    required: false,
    missing: () => ({}),
    parse: (value, path, problems) =>
      entriesOf(value, path, problems, (id, reason) => {
        const at = CHECK_ID.test(id) ? `${path}['${id}']` : `${path}.(unreadable key)`;
        if (!CHECK_ID.test(id)) problems.add(at, "must be the id of a check, such as 'cookies.domain'.");
        const complaint = wordProblem(reason);
        if (complaint !== undefined) problems.add(at, 'needs a reason: text that says why the finding is accepted.');
        return complaint === undefined ? (reason as string) : '';
      }),
  };
}

function entriesOf<T>(
  value: unknown,
  path: string,
  problems: Problems,
  read: (key: string, member: unknown, at: string) => T,
): Readonly<Record<string, T>> {
  // Without a prototype a role called `constructor` is looked up as what it is: absent.
  const result: Record<string, T> = Object.create(null) as Record<string, T>;
  if (!isRecord(value)) return complaintOf(path, 'must be an object.', problems, result);
  for (const [key, member] of Object.entries(value)) result[key] = read(key, member, childPath(path, key));
  return result;
}

function pattern(expected: RegExp, complaint: string): ItemComplaint {
  return (item) => (typeof item === 'string' && expected.test(item) ? undefined : complaint);
}

function complaintOf<T>(path: string, text: string, problems: Problems, answer: T): T {
  problems.add(path, text);
  return answer;
}
