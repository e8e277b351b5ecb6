import * as v from 'valibot';
import type { AccountQuery } from '../../../accounts/account-view.js';
import { canonicalIdentifier } from '../../../common/email-address.js';
import { invalid, onlyKnown, pageSize } from '../../../http/query.js';
import { roleProblem } from '../../../options/list-fields.js';

const FILTERS = ['email', 'role', 'disabled', 'verified', 'limit', 'cursor'];
const LONGEST_ADDRESS = 254;
const LONGEST_REASON = 200;

type Parameters = Readonly<Record<string, unknown>>;

const role = v.pipe(
  v.string(),
  v.check((name) => roleProblem(name) === undefined, 'This is not the name of a role.'),
);

export const roleSchema = v.strictObject({ role });
export type RoleInput = v.InferOutput<typeof roleSchema>;

/** The reason is for people who read the audit trail: one line, without characters that no line has. */
export const lockSchema = v.strictObject({
  reason: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(LONGEST_REASON),
      v.transform((text) => text.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim()),
    ),
  ),
});
export type LockInput = v.InferOutput<typeof lockSchema>;

export function accountQuery(parameters: Parameters): AccountQuery {
  onlyKnown(parameters, FILTERS);
  const { email, role: named, disabled, verified, limit, cursor } = parameters;
  return {
    email: prefix(email),
    role: roleName(named),
    disabled: optionalFlag('disabled', disabled),
    emailVerified: optionalFlag('verified', verified),
    limit: pageSize(limit),
    cursor: cursor === undefined ? undefined : text('cursor', cursor),
  };
}

function prefix(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const begin = typeof value === 'string' ? canonicalIdentifier(value) : '';
  if (begin !== '' && begin.length <= LONGEST_ADDRESS && !/\p{C}/u.test(begin)) return begin;
  throw invalid('email', 'format', 'This is how an address begins.');
}

function roleName(value: unknown): string | undefined {
  if (value === undefined || roleProblem(value) === undefined) return value as string | undefined;
  throw invalid('role', 'format', 'This is not the name of a role.');
}

function optionalFlag(field: string, value: unknown): boolean | undefined {
  if (value === undefined) return undefined;
  if (value === 'true' || value === 'false') return value === 'true';
  throw invalid(field, 'oneOf', 'This is true or false.');
}

function text(field: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw invalid(field, 'format', 'This is text.');
}
