import type { KnownDevices } from '../attempts/known-devices.js';
import type { Letter } from '../mail/letter.js';

/** For the `data` of a letter: the accounts that the browser which asked for it is known to. */
export function askingBrowser(devices: KnownDevices): { readonly devices: readonly string[] } {
  return { devices: devices.toArray().map(({ userId }) => userId) };
}

/** Whether the browser that asked for the letter is known to the account. */
export function isKnownBrowser({ data }: Letter, userId: string): boolean {
  const devices = data?.['devices'];
  return Array.isArray(devices) && devices.includes(userId);
}
