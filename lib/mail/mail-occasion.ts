import type { MailOccasion } from '../options/mail-options.js';
import type { Letter } from './letter.js';

/** What notices tell of the occasion: `data` holds the client, where there was one. */
export function occasionOf({ at, data = {} }: Letter): MailOccasion {
  return { at: new Date(at).toISOString(), device: textOf(data['device']), address: textOf(data['address']) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
