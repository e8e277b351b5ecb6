import type { ActedBy } from '../../../accounts/acted-by.js';
import type { ClientInfo } from '../../../common/client-address.js';
import type { Principal } from '../../../common/principal.js';
import { AuthError } from '../../../errors/auth-error.js';

/** The administrator of a request, for the audit trail. */
export function actedBy({ userId, sessionId }: Principal, client: ClientInfo): ActedBy {
  return { actorId: userId, sessionId, client };
}

/**
 * Nobody changes the own account, role or lock here: at `/me` and `/sessions` everybody does, with the proofs that are asked for
 * there. Throws `FORBIDDEN` (403).
 */
export function requireSomebodyElse({ userId }: Principal, id: string): void {
  if (userId === id) throw new AuthError('FORBIDDEN');
}
