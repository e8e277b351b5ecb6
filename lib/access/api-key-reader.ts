import type { AddressedRequest } from '../common/client-address.js';
import type { Principal } from '../common/principal.js';

/** Who an API key is from. The feature of API keys fills this port. */
export abstract class ApiKeyReader {
  /** Whether text can only be meant as an API key: a `Bearer` header that carries one is read here. */
  abstract recognises(text: string): boolean;

  /**
   * `undefined` for a key that is malformed, unknown, revoked, paused or over.
   *
   * @throws AuthError `RATE_LIMITED` (429), `ENROLMENT_REQUIRED` (403) when the owner lacks a second factor that is asked,
   * `STORE_UNAVAILABLE` (503)
   */
  abstract read(key: string, request: AddressedRequest): Promise<Principal | undefined>;

  /**
   * Who the key behind a principal is from at this moment, for a connection that has stayed open. `undefined` when it is good
   * no more. Is no use of it.
   *
   * @throws AuthError `STORE_UNAVAILABLE` (503)
   */
  abstract stillIs(principal: Pick<Principal, 'userId' | 'sessionId'>): Promise<Principal | undefined>;
}
