import type { Trap } from './trap.js';
import { ACCESS_TRAPS } from './traps/access.traps.js';
import { ACCOUNT_TRAPS } from './traps/account.traps.js';
import { ATTEMPT_TRAPS } from './traps/attempt.traps.js';
import { BROWSER_TRAPS } from './traps/browser.traps.js';
import { FACTOR_TRAPS } from './traps/factor.traps.js';
import { INPUT_TRAPS } from './traps/input.traps.js';
import { PASSWORD_TRAPS } from './traps/password.traps.js';
import { SESSION_TRAPS } from './traps/session.traps.js';
import { TOKEN_TRAPS } from './traps/token.traps.js';

/** Every trap that has a test named here. `npm run proof -- twins` takes each defence away and sees its test fail. */
export const TRAPS: readonly Trap[] = [
  ...PASSWORD_TRAPS,
  ...ATTEMPT_TRAPS,
  ...SESSION_TRAPS,
  ...BROWSER_TRAPS,
  ...TOKEN_TRAPS,
  ...ACCOUNT_TRAPS,
  ...FACTOR_TRAPS,
  ...ACCESS_TRAPS,
  ...INPUT_TRAPS,
];
