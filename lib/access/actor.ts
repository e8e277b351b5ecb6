import type { Principal } from '../common/principal.js';

/** Who does something, as the audit trail tells it. */
export interface Actor {
  readonly actorId: string;
  /** Public id of the session in which it is done. */
  readonly sessionId: string;
  /** The administrator who does it while acting as `actorId`. */
  readonly impersonatorId?: string;
}

/** The principal of a request as the actor of an event: whoever is acted as, and who acts, never one without the other. */
export function actorOf({ userId, sessionId, impersonatorId }: Principal): Actor {
  return { actorId: userId, sessionId, ...(impersonatorId === undefined ? {} : { impersonatorId }) };
}
