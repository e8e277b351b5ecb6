import { request } from './api.js';
import { arrive } from './arrival.js';
import { find } from './dom.js';
import { prepareForm } from './forms.js';
import { go, notify } from './router.js';
import { enter } from './session.js';
import { inWords } from './words.js';

let challenge = '';

/** Signing in by six mailed digits: the address, then the code. */
export function prepareCode() {
  const form = find('#code-form');
  const entry = find('#code-entry-form');

  prepareForm(form, async (data) => {
    ({ challenge } = await request('POST', '/auth/email-code/request', { email: data.get('email') }));
    form.reset();
    entry.reset();
    go('code-entry');
    entry.elements.code.focus();
  });

  prepareForm(
    entry,
    async (data) => {
      const remember = { rememberMe: data.get('rememberMe') !== null };
      const answer = await enter('/auth/email-code', { challenge, code: data.get('code'), ...remember });
      challenge = '';
      entry.reset();
      arrive(answer);
    },
    (error) => {
      if (error.code !== 'CHALLENGE_EXPIRED') return false;
      showCodeEntry();
      go('code');
      notify(inWords(error));
      return true;
    },
  );
}

/** A page that was loaded anew has forgotten what the code belongs to. */
export function showCodeEntry() {
  if (!challenge) go('code');
}
