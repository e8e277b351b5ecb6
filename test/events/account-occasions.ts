import { Accounts } from '../../lib/index.js';
import { PASSWORD } from '../support/app.js';
import { expectStatus } from './kit.js';
import { WRONG, type Occasion } from './trail.js';

const CLIENT = { address: '192.0.2.9', userAgent: 'an administrator' };

export const ACCOUNTS: readonly Occasion[] = [
  {
    what: 'another name to sign in with, said twice',
    events: ['account.identifier_changed'],
    letters: ['identifier-changed'],
    signedIn: true,
    run: async (_trail, { browser }) => {
      for (let again = 0; again < 2; again += 1)
        expectStatus(await browser.call('PATCH', '/auth/me', { body: { handle: 'lovelace' } }), 200);
    },
  },
  {
    what: 'a registration that a hook refuses',
    events: ['account.registration_refused'],
    about: 'nobody',
    run: async (trail) => {
      trail.hooks.refusesRegistrations = true;
      expectStatus(await trail.app.client().register('refused@example.com'), 403);
    },
  },
  {
    what: 'an account that the application creates',
    events: ['account.created'],
    about: 'another',
    run: (trail) =>
      trail.app.get(Accounts).create({ email: 'made@example.com', password: PASSWORD }, { client: CLIENT }),
  },
  {
    what: 'an account that is disabled and enabled',
    events: ['account.disabled', 'account.enabled'],
    run: async (trail, { id }) => {
      await trail.app.get(Accounts).disable(id, { client: CLIENT });
      await trail.app.get(Accounts).enable(id, { client: CLIENT });
    },
  },
  {
    what: 'columns that an administrator changes, said twice',
    events: ['account.updated'],
    run: async (trail, { id }) => {
      const edit = { fields: { displayName: 'Ada' } };
      for (let again = 0; again < 2; again += 1) await trail.app.get(Accounts).update(id, edit, { client: CLIENT });
    },
  },
  {
    what: 'another address that an administrator gives',
    events: ['email.changed'],
    letters: ['email-changed', 'verify-request'],
    run: (trail, { id }) =>
      trail.app.get(Accounts).update(id, { email: `given-${id}@example.com` }, { client: CLIENT }),
  },
  {
    what: 'a link to set a password that an administrator sends',
    events: ['password.reset_requested'],
    letters: ['password-link'],
    run: (trail, { id }) => trail.app.get(Accounts).sendPasswordLink(id, { client: CLIENT }),
  },
  {
    what: 'a role that is given and taken',
    events: ['role.assigned', 'role.removed'],
    run: async (trail, { id }) => {
      await trail.app.get(Accounts).assignRole(id, 'auditor', { client: CLIENT });
      await trail.app.get(Accounts).removeRole(id, 'auditor', { client: CLIENT });
    },
  },
  {
    what: 'three wrong passwords of somebody signed in, and one that the lock refuses',
    events: [
      'reauthentication.failed',
      'reauthentication.failed',
      'reauthentication.failed',
      'reauthentication.locked',
    ],
    signedIn: true,
    run: async (_trail, { browser }) => {
      for (const status of [401, 401, 401, 429])
        expectStatus(await browser.post('/auth/reauthenticate', { password: WRONG }), status);
    },
  },
  {
    what: 'a code to confirm an action',
    events: ['reauthentication.code_requested'],
    letters: ['reauthentication-code'],
    signedIn: true,
    run: async (_trail, { browser }) => expectStatus(await browser.post('/auth/reauthenticate/email-code'), 202),
  },
];
