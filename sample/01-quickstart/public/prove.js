import { request } from './api.js';
import { busyWhile, find, say } from './dom.js';
import { clearProblems, prepareForm } from './forms.js';
import { withOwnPassword } from './own-password.js';
import { placeMailbox } from './mailbox.js';
import { enter, session } from './session.js';
import { inWords } from './words.js';

let challenge = '';
let answer = () => undefined;

/** The dialog that asks somebody who is signed in to prove it once more, by password or by a mailed code. */
export function prepareProof() {
  const dialog = find('#prove');
  prepareForm(find('#prove-password-form'), async (data) => {
    const password = data.get('password');
    await withOwnPassword('password', () => enter('/auth/reauthenticate', { password }));
    close(true);
  });
  prepareForm(find('#prove-code-form'), async (data) => {
    await enter('/auth/reauthenticate', { challenge, emailCode: data.get('code') });
    close(true);
  });
  find('#prove-send').addEventListener('click', (event) => void busyWhile(event.currentTarget, sendCode));
  find('#prove-cancel').addEventListener('click', () => close(false));
  // The key Escape.
  dialog.addEventListener('cancel', () => close(false));
}

/** Resolves with whether the proof was given. */
export function prove(methods) {
  const dialog = find('#prove');
  if (dialog.open || !session.user) return Promise.resolve(false);
  const [byPassword, byCode] = [methods.includes('password'), methods.includes('emailCode')];
  for (const form of dialog.querySelectorAll('form')) {
    form.reset();
    clearProblems(form);
  }
  find('#prove-owner').value = session.user.email;
  find('#prove-password-form').hidden = !byPassword;
  find('#prove-code-form').hidden = true;
  find('#prove-send').hidden = !byCode;
  find('#prove-send').textContent = byPassword ? 'Send me a code instead' : 'Send me a code';
  say(find('#prove-alert'), '');
  dialog.showModal();
  find(byPassword ? '#prove-password' : '#prove-title').focus();
  return new Promise((resolve) => (answer = resolve));
}

async function sendCode() {
  say(find('#prove-alert'), '');
  try {
    ({ challenge } = await request('POST', '/auth/reauthenticate/email-code'));
  } catch (error) {
    say(find('#prove-alert'), inWords(error));
    return;
  }
  find('#prove-password-form').hidden = true;
  find('#prove-code-form').hidden = false;
  find('#prove-send').textContent = 'Send another code';
  find('#prove-code').focus();
  placeMailbox(find('#prove-mailbox'), 'open');
}

function close(proved) {
  find('#prove').close();
  placeMailbox(find('#main'));
  answer(proved);
}
