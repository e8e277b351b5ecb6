import type { ClientInfo } from '../common/client-address.js';

/** Who changes an account, for the audit trail. What is left out is not known; without any of it the application does. */
export interface ActedBy {
  /** The user who does it. */
  readonly actorId?: string;
  /** The administrator who does it while acting as `actorId`. */
  readonly impersonatorId?: string;
  /** Public id of the session in which it is done. */
  readonly sessionId?: string;
  /** Where the request came from. */
  readonly client?: ClientInfo;
}
