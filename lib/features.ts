import { accounts } from './features/accounts/accounts.feature.js';
import { bearer } from './features/bearer/bearer.feature.js';
import { checklist } from './features/administration/checklist/checklist.feature.js';
import type { Feature } from './features/define-feature.js';
import { email } from './features/email/email.feature.js';
import { emailCode } from './features/email-code/email-code.feature.js';
import { login } from './features/login/login.feature.js';
import { magicLink } from './features/magic-link/magic-link.feature.js';
import { notices } from './features/notices/notices.feature.js';
import { oauth } from './features/oauth/oauth.feature.js';
import { passkeys } from './features/passkeys/passkeys.feature.js';
import { password } from './features/password/password.feature.js';
import { reauthentication } from './features/reauthentication/reauthentication.feature.js';
import { recoveryCodes } from './features/recovery-codes/recovery-codes.feature.js';
import { secondFactor } from './features/second-factor/second-factor.feature.js';
import { sessionList } from './features/session-list/session-list.feature.js';
import { totp } from './features/totp/totp.feature.js';
import { unlock } from './features/unlock/unlock.feature.js';

/** Every feature of the module. */
export const FEATURES: readonly Feature[] = [
  accounts,
  login,
  bearer,
  sessionList,
  password,
  email,
  magicLink,
  emailCode,
  reauthentication,
  secondFactor,
  totp,
  recoveryCodes,
  passkeys,
  oauth,
  unlock,
  notices,
  checklist,
];
