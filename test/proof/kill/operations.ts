import type { Operations } from './doomed.js';
import { FACTOR_OPERATIONS } from './operations/factors.js';
import { LETTER_OPERATIONS } from './operations/letters.js';
import { OTHER_OPERATIONS } from './operations/others.js';
import { SESSION_OPERATIONS } from './operations/sessions.js';
import { SIGN_IN_OPERATIONS } from './operations/sign-in.js';
import { TOKEN_OPERATIONS } from './operations/tokens.js';

export const OPERATIONS: Operations = {
  ...LETTER_OPERATIONS,
  ...SIGN_IN_OPERATIONS,
  ...SESSION_OPERATIONS,
  ...TOKEN_OPERATIONS,
  ...FACTOR_OPERATIONS,
  ...OTHER_OPERATIONS,
};

/** So many of them, other ones at each turn. */
export function someOf(operations: Operations, count: number, turn: number): Operations {
  const all = Object.entries(operations);
  return Object.fromEntries(Array.from({ length: count }, (_, index) => all[(turn * count + index) % all.length]!));
}
