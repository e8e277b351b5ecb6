import type { CredentialKind } from '../common/principal.js';
import type { AccessMark } from './access-mark.js';
import type { PolicyFunction } from './access-policy.js';
import type { AuthRule } from './auth-rule.js';

/**
 * `unmarked`: nothing is said and `protect` is `'marked'`. No request is refused, and a host guard may still ask who it
 * is from.
 */
export type AccessMode = 'required' | 'optional' | 'public' | 'unmarked';

/** All rules of one handler, put together. */
export interface CompiledRule {
  readonly mode: AccessMode;
  /** One list for each rule that names roles: any one of every list. */
  readonly roles: readonly (readonly string[])[];
  readonly permissions: readonly string[];
  readonly scopes: readonly string[];
  readonly via: readonly CredentialKind[] | undefined;
  readonly verified: boolean;
  /** One list for each rule that names methods: any one of every list. */
  readonly methods: readonly (readonly string[])[];
  readonly fresh: boolean;
  readonly policies: readonly PolicyFunction[];
  /** Whether a bearer token alone never decides: `fresh`, `methods`, `verified`, and everything of Gatehouse itself. */
  readonly checksSession: boolean;
  /** Whether the token of a link is read. */
  readonly resource: boolean;
  /** Whether an administrator who acts as the user is let in. */
  readonly duringImpersonation: boolean;
  /** Whether it is open to who still has to set up a second factor that is required. */
  readonly duringEnrolment: boolean;
}

/** What opens the routes of Gatehouse itself: never an API key or a link. */
const OWN_CREDENTIALS: readonly CredentialKind[] = ['session', 'bearer'];

export interface Stance {
  readonly mode: AccessMode;
  /** The rules that are enforced, farthest first. */
  readonly rules: readonly AuthRule[];
  readonly duringEnrolment: boolean;
  readonly duringImpersonation: boolean;
}

/**
 * Puts the marks of all levels together, from the farthest class to the method. `@Auth` adds its rule to those before it;
 * `@Public` and `@OptionalAuth` lift them.
 */
export function stanceOf(byDefault: AccessMode, levels: readonly (readonly AccessMark[])[]): Stance {
  return levels.flat().reduce<Stance>(
    (stance, mark) => {
      if (mark.kind === 'auth') return { ...stance, mode: 'required', rules: [...stance.rules, mark.rule] };
      if (mark.kind === 'impersonation') return { ...stance, duringImpersonation: true };
      if (mark.kind === 'enrolment') return { ...stance, duringEnrolment: true };
      return { ...stance, mode: mark.kind, rules: [] };
    },
    { mode: byDefault, rules: [], duringEnrolment: false, duringImpersonation: false },
  );
}

export function combineRules(
  { mode, rules, duringEnrolment, duringImpersonation }: Stance,
  policies: readonly PolicyFunction[],
  own: boolean,
): CompiledRule {
  const via = rules.map((rule) => kindsOf(rule)).filter((kinds) => kinds !== undefined);
  const verified = rules.some((rule) => rule.verified === true);
  const methods = rules.map((rule) => rule.methods).filter((anyOf) => anyOf !== undefined);
  const fresh = rules.some((rule) => rule.fresh === true);
  return Object.freeze({
    mode,
    roles: rules.map((rule) => rule.roles).filter((roles) => roles !== undefined),
    permissions: [...new Set(rules.flatMap((rule) => rule.permissions ?? []))],
    scopes: [...new Set(rules.flatMap((rule) => rule.scopes ?? []))],
    via:
      via.length === 0
        ? own
          ? OWN_CREDENTIALS
          : undefined
        : via.reduce((kept, kinds) => kept.filter((kind) => kinds.includes(kind))),
    verified,
    methods,
    fresh,
    policies,
    checksSession: own || verified || fresh || methods.length > 0,
    resource: rules.some((rule) => rule.resource === true),
    // What is ours concerns the account itself: closed to whoever only acts as its owner, unless it says otherwise.
    duringImpersonation: own
      ? duringImpersonation
      : !fresh && methods.length === 0 && rules.every((rule) => rule.impersonation !== false),
    duringEnrolment,
  });
}

function kindsOf({ via }: AuthRule): readonly CredentialKind[] | undefined {
  return typeof via === 'string' ? [via] : via;
}
