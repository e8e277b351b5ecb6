import type { Letter } from './letter.js';

/** The accounts that a browser is known to, as its device cookie tells. */
interface Devices {
  toArray(): readonly { readonly userId: string }[];
}

/** For the `data` of a letter: the accounts that the browser which asked for it is known to. */
export function askingBrowser(devices: Devices): { readonly devices: readonly string[] } {
  return { devices: devices.toArray().map(({ userId }) => userId) };
}

/** Whether the browser that asked for the letter is known to the account. */
export function isKnownBrowser({ data }: Pick<Letter, 'data'>, userId: string): boolean {
  const devices = data?.['devices'];
  return Array.isArray(devices) && devices.includes(userId);
}
