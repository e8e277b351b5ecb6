import { showFactors } from './account-factors.js';
import { showIdentities } from './account-identities.js';
import { showPasskeys } from './account-passkeys.js';
import { request } from './api.js';
import { find, make } from './dom.js';
import { prepareForm } from './forms.js';
import { ended, failed } from './router.js';
import { loadSession, session } from './session.js';
import { tellSent } from './view-sent.js';
import { methods, moment } from './words.js';

export function prepareAccount() {
  const addressForm = find('#change-address-form');
  prepareForm(
    addressForm,
    async (data) => {
      const email = data.get('email');
      await request('POST', '/auth/email/change/request', { email });
      addressForm.reset();
      tellSent({ words: `If ${email} is free, a link is on its way there. It works for one hour.` });
    },
    failed,
  );

  const deleteForm = find('#delete-account-form');
  prepareForm(
    deleteForm,
    async () => {
      await request('DELETE', '/auth/me');
      deleteForm.reset();
      ended('Your account is deleted.');
    },
    failed,
  );
}

export async function showAccount() {
  await loadSession();
  const { user, expiresAt, freshUntil, methods: proved } = session;
  if (!user) return ended('Your session has ended. Sign in again.');
  const facts = [
    ['E-mail address', user.email],
    ['Address confirmed', user.emailVerified ? 'yes' : 'no'],
    ['Roles', user.roles.length > 0 ? user.roles.join(', ') : 'none'],
    ['Account made', moment(user.createdAt)],
    ['Signed in by', methods(proved)],
    ['Session ends', `${moment(expiresAt)}, or sooner when it is not used`],
    ['Counts as fresh until', moment(freshUntil)],
    ['User id', user.id],
  ];
  find('#account').replaceChildren(
    ...facts.map(([term, fact]) => make('div', {}, make('dt', {}, term), make('dd', {}, fact))),
  );
  await Promise.all([showFactors(), showPasskeys(), showIdentities()]);
}
