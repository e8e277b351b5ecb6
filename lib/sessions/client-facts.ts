import type { ClientInfo } from '../common/client-address.js';
import { deviceName } from './device-name.js';

/** For the `data` of a letter: the client, as notices name it. */
export function clientFacts({ address, userAgent }: ClientInfo): { readonly address: string; readonly device: string } {
  return { address, device: deviceName(userAgent) };
}
