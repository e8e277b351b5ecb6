import type { Operations } from './operation.js';
import { FACTOR_OPERATIONS } from './operations/factors.js';
import { LETTER_OPERATIONS } from './operations/letters.js';
import { OTHER_OPERATIONS } from './operations/others.js';
import { SESSION_OPERATIONS } from './operations/sessions.js';
import { SIGN_IN_OPERATIONS } from './operations/sign-ins.js';
import { TOKEN_OPERATIONS } from './operations/tokens.js';

export const OPERATIONS: Operations = {
  ...LETTER_OPERATIONS,
  ...SIGN_IN_OPERATIONS,
  ...TOKEN_OPERATIONS,
  ...SESSION_OPERATIONS,
  ...FACTOR_OPERATIONS,
  ...OTHER_OPERATIONS,
};
