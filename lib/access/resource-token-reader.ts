import type { Principal } from '../common/principal.js';
import type { AuthRequest } from './credential-source.js';

/** Who the link to one protected path is from. The feature of resource tokens fills this port. */
export abstract class ResourceTokenReader {
  /** The token of the request, from its query. `undefined` when there is none, or the method is not GET or HEAD. */
  abstract presented(request: AuthRequest): string | undefined;

  /** `undefined` for a token that is malformed, over, for another path, or of somebody who is signed out. */
  abstract read(token: string, request: AuthRequest): Promise<Principal | undefined>;
}
