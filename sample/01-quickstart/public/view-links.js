import { request } from './api.js';
import { find } from './dom.js';
import { prepareForm } from './forms.js';
import { forgetLink, linkSays, linkToken } from './mail-link.js';
import { ended, go, notify } from './router.js';
import { loadSession, session } from './session.js';

/** Pages that mailed links open. Each asks for a press, so that a program that follows links in mail spends none. */
const LINKS = {
  'verify-email': {
    path: '/auth/email/verify',
    body: (data) => (isContested() ? { password: data.get('password') } : {}),
    done: () => arrive('The address is confirmed.', 'The address is confirmed. You can sign in now.'),
  },
  'reset-password': {
    path: '/auth/password/reset',
    body: (data) => ({ password: data.get('password') }),
    done: () => ended('The new password is set. Sign in with it.'),
  },
  'change-email': {
    path: '/auth/email/change',
    body: () => ({}),
    done: () => arrive('The new address is in use.', 'The new address is in use. Sign in with it.'),
  },
  unlock: {
    path: '/auth/unlock',
    body: () => ({}),
    done: () => arrive('The account is unlocked.', 'The account is unlocked. Try your password again.'),
  },
};

export function prepareLinks() {
  for (const [name, { path, body, done }] of Object.entries(LINKS)) {
    const form = find(`#${name}-form`);
    prepareForm(form, async (data) => {
      await request('POST', path, { token: linkToken(name), ...body(data) });
      forgetLink();
      form.reset();
      await done();
    });
  }
}

/** A page opened without its link says so. */
export function showLink(name) {
  const there = linkToken(name) !== '';
  find(`#${name}-form`).hidden = !there;
  find(`#${name}-missing`).hidden = there;
}

export function showVerifyEmail() {
  showLink('verify-email');
  const contested = isContested();
  find('#verify-email-contested').hidden = !contested;
  // A hidden field that is required would keep the form from being sent.
  find('#verify-email-password').disabled = !contested;
}

function isContested() {
  return linkSays('contested');
}

async function arrive(words, wordsForGuests) {
  await loadSession();
  go(session.user ? 'account' : 'sign-in');
  notify(session.user ? words : wordsForGuests);
}
