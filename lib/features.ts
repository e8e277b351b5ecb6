import { accounts } from './features/accounts/accounts.feature.js';
import { apiKeys } from './features/api-keys/api-keys.feature.js';
import { audit } from './features/administration/audit/audit.feature.js';
import { bearer } from './features/bearer/bearer.feature.js';
import { checklist } from './features/administration/checklist/checklist.feature.js';
import type { Feature } from './features/define-feature.js';
import { email } from './features/email/email.feature.js';
import { emailCode } from './features/email-code/email-code.feature.js';
import { impersonation } from './features/impersonation/impersonation.feature.js';
import { ipRules } from './features/administration/ip-rules/ip-rules.feature.js';
import { login } from './features/login/login.feature.js';
import { magicLink } from './features/magic-link/magic-link.feature.js';
import { notices } from './features/notices/notices.feature.js';
import { oauth } from './features/oauth/oauth.feature.js';
import { passkeys } from './features/passkeys/passkeys.feature.js';
import { password } from './features/password/password.feature.js';
import { reauthentication } from './features/reauthentication/reauthentication.feature.js';
import { recoveryCodes } from './features/recovery-codes/recovery-codes.feature.js';
import { resourceTokens } from './features/resource-tokens/resource-tokens.feature.js';
import { roles } from './features/administration/roles/roles.feature.js';
import { secondFactor } from './features/second-factor/second-factor.feature.js';
import { sessionList } from './features/session-list/session-list.feature.js';
import { totp } from './features/totp/totp.feature.js';
import { unlock } from './features/unlock/unlock.feature.js';
import { users } from './features/administration/users/users.feature.js';

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
  apiKeys,
  resourceTokens,
  impersonation,
  users,
  roles,
  ipRules,
  audit,
  checklist,
];
