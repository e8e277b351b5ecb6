import { Principal, type CredentialKind } from '../common/principal.js';
import type { RoleGrants } from '../roles/role-grants.js';
import type { LiveSession } from '../sessions/live-session.js';

/**
 * The principal behind a live session. `scopes`: those of the credential; `undefined` when scopes do not limit it. `origin`:
 * what is to be found again by the principal.
 */
export function sessionPrincipal(
  session: LiveSession,
  via: CredentialKind,
  scopes: readonly string[] | undefined,
  grants: RoleGrants,
  origin?: LiveSession,
): Principal {
  const { userId, id, roles, emailVerified, methods, authenticatedAt, freshUntil, expiresAt, impersonatorId } = session;
  const fields = {
    userId,
    via,
    sessionId: id,
    roles,
    permissions: grants.permissionsOf(roles),
    scopes,
    emailVerified,
    methods,
    authenticatedAt,
    freshUntil,
    expiresAt,
    impersonatorId: impersonatorId ?? undefined,
  };
  return Principal.of(fields, origin);
}
