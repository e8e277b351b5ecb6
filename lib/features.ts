import { accounts } from './features/accounts/accounts.feature.js';
import { bearer } from './features/bearer/bearer.feature.js';
import { checklist } from './features/administration/checklist/checklist.feature.js';
import type { Feature } from './features/define-feature.js';
import { login } from './features/login/login.feature.js';
import { sessionList } from './features/session-list/session-list.feature.js';

/** Every feature of the module. */
export const FEATURES: readonly Feature[] = [accounts, login, bearer, sessionList, checklist];
