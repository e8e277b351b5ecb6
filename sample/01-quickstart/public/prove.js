import { request } from './api.js';
import { busyWhile, find, make, say } from './dom.js';
import { clearProblems, prepareForm } from './forms.js';
import { withOwnPassword } from './own-password.js';
import { placeMailbox } from './mailbox.js';
import { enter, session } from './session.js';
import { hasPasskeys, readPasskey } from './webauthn.js';
import { inWords } from './words.js';

/** Ways to prove it once more, the quickest first: the form of each, what begins it, and how a button names it. */
const WAYS = {
  password: { form: '#prove-password-form', word: 'Use my password' },
  code: { form: '#prove-factor-form', word: 'Use a code of my app' },
  passkey: { begin: byPasskey, word: 'Use a passkey' },
  recoveryCode: { form: '#prove-recovery-form', word: 'Use a recovery code' },
  emailCode: { form: '#prove-code-form', begin: sendCode, word: 'Send me a code' },
};

let challenge = '';
let usable = [];
let answer = () => undefined;

/** The dialog that asks somebody who is signed in to prove it once more, by what the server says will do. */
export function prepareProof() {
  const dialog = find('#prove');
  const submitted = (way, proof) =>
    prepareForm(find(WAYS[way].form), async (data) => {
      await proof(data);
      close(true);
    });
  submitted('password', (data) => withOwnPassword('password', () => send({ password: data.get('password') })));
  submitted('code', (data) => send({ code: data.get('code') }));
  submitted('recoveryCode', (data) => send({ recoveryCode: data.get('recoveryCode') }));
  submitted('emailCode', (data) => send({ challenge, emailCode: data.get('code') }));
  find('#prove-ways').addEventListener('click', (event) => {
    const button = event.target.closest('button[data-way]');
    if (button) void busyWhile(button, () => take(button.dataset.way));
  });
  find('#prove-cancel').addEventListener('click', () => close(false));
  // The key Escape.
  dialog.addEventListener('cancel', () => close(false));
}

/** Resolves with whether the proof was given. */
export function prove(methods) {
  const dialog = find('#prove');
  if (dialog.open || !session.user) return Promise.resolve(false);
  usable = Object.keys(WAYS).filter((way) => methods.includes(way) && (way !== 'passkey' || hasPasskeys()));
  for (const form of dialog.querySelectorAll('form')) {
    form.reset();
    clearProblems(form);
  }
  find('#prove-owner').value = session.user.email;
  find('#prove-no-passkeys').hidden = hasPasskeys() || !methods.includes('passkey');
  say(find('#prove-alert'), '');
  dialog.showModal();
  // What sends a mail, opens a window of the browser or uses up a recovery code waits until somebody presses its button.
  show(usable.find((way) => way === 'password' || way === 'code'));
  return new Promise((resolve) => (answer = resolve));
}

function show(shown) {
  for (const [way, { form }] of Object.entries(WAYS)) if (form) find(form).hidden = way !== shown;
  find('#prove-ways').replaceChildren(
    ...usable
      .filter((way) => way !== shown || way === 'emailCode')
      .map((way) => make('button', { type: 'button', 'data-way': way }, label(way, shown))),
  );
  const field = shown && find(`${WAYS[shown].form} input:not([readonly])`);
  (field ?? find('#prove-title')).focus();
}

function label(way, shown) {
  if (way === shown) return 'Send another code';
  return shown ? `${WAYS[way].word} instead` : WAYS[way].word;
}

async function take(way) {
  say(find('#prove-alert'), '');
  try {
    await WAYS[way].begin?.();
    if (WAYS[way].form) show(way);
  } catch (error) {
    say(find('#prove-alert'), inWords(error));
  }
}

async function sendCode() {
  ({ challenge } = await request('POST', '/auth/reauthenticate/email-code'));
  placeMailbox(find('#prove-mailbox'), 'open');
}

async function byPasskey() {
  const options = await request('POST', '/auth/passkeys/authentication/options', { reauthenticate: true });
  await send({ passkey: await readPasskey(options) });
  close(true);
}

const send = (proof) => enter('/auth/reauthenticate', proof);

function close(proved) {
  find('#prove').close();
  placeMailbox(find('#main'));
  answer(proved);
}
