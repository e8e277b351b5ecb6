import { METHODS } from '../common/authentication-methods.js';
import { saysWho, type AccessMark } from './access-mark.js';
import type { AuthRule } from './auth-rule.js';
import type { CompiledRule, Stance } from './compiled-rule.js';

const KEYS: Readonly<Record<keyof AuthRule, (value: unknown) => string | undefined>> = {
  roles: (value) => listProblem(value, /^\S(?:.*\S)?$/, 'names of roles'),
  permissions: (value) => listProblem(value, /^[\w.-]+:[\w.-]+$/, 'permissions of the form resource:action'),
  scopes: (value) => listProblem(value, /^[\x21\x23-\x5B\x5D-\x7E]+$/, 'scopes (RFC 6749 §3.3)'),
  via: (value) =>
    listProblem(
      typeof value === 'string' ? [value] : value,
      /^(?:session|bearer|api-key|resource)$/,
      'of "session", "bearer", "api-key", "resource"',
    ),
  methods: methodsProblem,
  resource: flagProblem,
  impersonation: flagProblem,
  fresh: flagProblem,
  verified: flagProblem,
  policy: (value) =>
    typeof value === 'function' ? undefined : 'must be a function or a class that extends AccessPolicy',
};

/** What is wrong with the marks of one class or one method. */
export function markProblems(marks: readonly AccessMark[]): readonly string[] {
  const kinds = [...new Set(marks.filter(saysWho).map((mark) => mark.kind))];
  const contradiction =
    kinds.length > 1 ? [`${kinds.map((kind) => DECORATOR[kind]).join(' and ')} contradict each other: keep one.`] : [];
  return [...contradiction, ...marks.flatMap((mark) => (mark.kind === 'auth' ? ruleProblems(mark.rule) : []))];
}

/** What is wrong with the rules of a handler when they are put together, each being right by itself. */
export function stanceProblems({ rules }: Stance, combined: CompiledRule): readonly string[] {
  const problems: string[] = [];
  if (combined.via?.length === 0) problems.push('its "via" and that of its class leave no credential.');
  for (const key of ['fresh', 'verified'] as const) {
    if (combined[key] && rules.some((rule) => rule[key] === false)) {
      problems.push(`"${key}: false" cannot lift what its class asks for: remove one of the two.`);
    }
  }
  return problems;
}

const DECORATOR = {
  auth: '@Auth()',
  public: '@Public()',
  optional: '@OptionalAuth()',
  enrolment: '@DuringEnrolment()',
  impersonation: '@DuringImpersonation()',
} as const;

function ruleProblems(rule: AuthRule): readonly string[] {
  return Object.entries(rule).flatMap(([key, value]: [string, unknown]) => {
    if (!Object.hasOwn(KEYS, key)) return [`@Auth() knows no "${key}". It knows ${Object.keys(KEYS).join(', ')}.`];
    const problem = value === undefined ? 'has no value: leave it out' : KEYS[key as keyof AuthRule](value);
    return problem === undefined ? [] : [`"${key}" of @Auth() ${problem}.`];
  });
}

function listProblem(value: unknown, item: RegExp, what: string): string | undefined {
  if (!Array.isArray(value)) return `must be a list ${what.startsWith('of') ? what : `of ${what}`}`;
  if (value.length === 0) return 'is an empty list, which nobody could meet or everybody: leave it out or name one';
  if (value.every((entry) => typeof entry === 'string' && item.test(entry))) return undefined;
  return `must be a list ${what.startsWith('of') ? what : `of ${what}`}`;
}

function methodsProblem(value: unknown): string | undefined {
  const known: readonly string[] = Object.values(METHODS);
  const problem = listProblem(value, /./, `of ${known.map((name) => `"${name}"`).join(', ')}`);
  const named = Array.isArray(value) ? value.filter((name) => !known.includes(name as string)) : [];
  return problem ?? (named.length === 0 ? undefined : `names ${named.join(', ')}, and knows ${known.join(', ')}`);
}

function flagProblem(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'must be true or false';
}
