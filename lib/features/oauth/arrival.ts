import type { KnownDevices } from '../../attempts/known-devices.js';
import type { ClientInfo } from '../../common/client-address.js';
import type { SessionReference } from '../../sessions/session-cookie.js';

/** The browser that comes back from a provider. */
export interface Arrival {
  readonly client: ClientInfo;
  /** Of mail that the sign-in calls for. */
  readonly locale: string;
  readonly devices: KnownDevices;
  /** The session that it holds, live or not. */
  readonly session: SessionReference | undefined;
}
