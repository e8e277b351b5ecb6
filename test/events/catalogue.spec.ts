import { expect, it } from 'vitest';
import { AUTH_EVENTS } from '../../lib/index.js';
import { OCCASIONS } from '../flows/occasions.js';
import { ACCOUNTS } from './account-occasions.js';
import { ACTING } from './acting-occasions.js';
import { API_KEYS } from './api-key-occasions.js';
import { FACTORS } from './factor-occasions.js';
import { IDENTITIES } from './identity-occasions.js';
import { PASSKEYS } from './passkey-occasions.js';
import { SESSIONS } from './session-occasions.js';
import { SIGN_IN } from './sign-in-occasions.js';

// Each of these occasions is carried out elsewhere, and must leave exactly the events that it names.
it('every event of the catalogue has an occasion', () => {
  const here = [
    ...SIGN_IN,
    ...SESSIONS,
    ...ACCOUNTS,
    ...FACTORS,
    ...PASSKEYS,
    ...IDENTITIES,
    ...API_KEYS,
    ...ACTING,
  ].flatMap(({ events }) => events);
  const there = Object.values(OCCASIONS).flatMap(([, rows]) => rows.map((row) => row.split(':')[0]!));
  expect([...new Set<string>([...here, ...there])].sort()).toEqual(Object.keys(AUTH_EVENTS).sort());
});
