import type { Principal } from '../common/principal.js';

/** What the rules of operations on a connection may have rested on. */
export type Standing = Pick<Principal, 'roles' | 'permissions' | 'scopes' | 'emailVerified' | 'methods'>;

/** What two principals of one connection had between them. Without `scopes` every scope is had. */
export function joined(before: Standing | undefined, more: Standing): Standing {
  if (before === undefined) return more;
  return {
    roles: [...new Set([...before.roles, ...more.roles])],
    permissions: [...new Set([...before.permissions, ...more.permissions])],
    scopes: before.scopes && more.scopes && [...new Set([...before.scopes, ...more.scopes])],
    emailVerified: before.emailVerified || more.emailVerified,
    methods: [...new Set([...before.methods, ...more.methods])],
  };
}

/** Whether anything of what was had is gone. Gains do not count. */
export function hasLost(before: Standing, now: Standing): boolean {
  return (
    lacks(now.roles, before.roles) ||
    lacks(now.permissions, before.permissions) ||
    lacks(now.methods, before.methods) ||
    (now.scopes !== undefined && (before.scopes === undefined || lacks(now.scopes, before.scopes))) ||
    (before.emailVerified && !now.emailVerified)
  );
}

function lacks(now: readonly string[], before: readonly string[]): boolean {
  return before.some((name) => !now.includes(name));
}
