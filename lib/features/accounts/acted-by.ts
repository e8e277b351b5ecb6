import type { ClientInfo } from '../../common/client-address.js';

/** Who changes an account, for the audit trail. What is left out is not known; without any of it the application does. */
export interface ActedBy {
  /** The user who does it. */
  readonly actorId?: string;
  /** Where the request came from. */
  readonly client?: ClientInfo;
}
