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
  readonly fresh: boolean;
  readonly policies: readonly PolicyFunction[];
  /** Whether a bearer token alone never decides: `fresh`, `verified`, and everything of Gatehouse itself. */
  readonly checksSession: boolean;
}

export interface Stance {
  readonly mode: AccessMode;
  /** The rules that are enforced, farthest first. */
  readonly rules: readonly AuthRule[];
}

/**
 * Puts the marks of all levels together, from the farthest class to the method. `@Auth` adds its rule to those before it;
 * `@Public` and `@OptionalAuth` lift them.
 */
export function stanceOf(byDefault: AccessMode, levels: readonly (readonly AccessMark[])[]): Stance {
  return levels.flat().reduce<Stance>(
    (stance, mark) => {
      if (mark.kind === 'auth') return { mode: 'required', rules: [...stance.rules, mark.rule] };
      return { mode: mark.kind, rules: [] };
    },
    { mode: byDefault, rules: [] },
  );
}

export function combineRules({ mode, rules }: Stance, policies: readonly PolicyFunction[], own: boolean): CompiledRule {
  const via = rules.map((rule) => kindsOf(rule)).filter((kinds) => kinds !== undefined);
  const verified = rules.some((rule) => rule.verified === true);
  const fresh = rules.some((rule) => rule.fresh === true);
  return Object.freeze({
    mode,
    roles: rules.map((rule) => rule.roles).filter((roles) => roles !== undefined),
    permissions: [...new Set(rules.flatMap((rule) => rule.permissions ?? []))],
    scopes: [...new Set(rules.flatMap((rule) => rule.scopes ?? []))],
    via: via.length === 0 ? undefined : via.reduce((kept, kinds) => kept.filter((kind) => kinds.includes(kind))),
    verified,
    fresh,
    policies,
    checksSession: own || verified || fresh,
  });
}

function kindsOf({ via }: AuthRule): readonly CredentialKind[] | undefined {
  return typeof via === 'string' ? [via] : via;
}
