import { HOUR_MS, MINUTE_MS } from '../common/duration.js';

/** How long a token of each purpose works, in ms. Out-of-band tokens that sign in: at most 10 min (ASVS 5.0 V6.5.5). */
export const TOKEN_LIFE_MS = {
  'verify-email': 24 * HOUR_MS,
  'reset-password': HOUR_MS,
  'change-email': HOUR_MS,
  'magic-link': 10 * MINUTE_MS,
  unlock: HOUR_MS,
} as const satisfies Record<string, number>;

export type TokenPurpose = keyof typeof TOKEN_LIFE_MS;
