import { request } from './api.js';
import { busyWhile, find } from './dom.js';
import { prepareForm } from './forms.js';
import { attempt, go, notify } from './router.js';
import { enter } from './session.js';
import { readPasskey } from './webauthn.js';

const FORMS = { code: '#factor-code-form', recoveryCode: '#factor-recovery-form' };

let waiting = { challenge: '', methods: [] };

/** The second step of a sign-in: a code, a recovery code or a passkey, by what the account has. */
export function prepareFactor() {
  prepareForm(
    find(FORMS.code),
    (data) => finish({ code: data.get('code') }),
    (error) => expired(error),
  );
  prepareForm(
    find(FORMS.recoveryCode),
    (data) => finish({ recoveryCode: data.get('recoveryCode') }),
    (error) => expired(error),
  );
  find('#factor-use-recovery').addEventListener('click', () => showWay('recoveryCode'));
  find('#factor-use-code').addEventListener('click', () => showWay('code'));
  find('#factor-passkey').addEventListener('click', (event) => {
    void busyWhile(event.currentTarget, () => attempt(byPasskey));
  });
}

/** A sign-in, by whatever it was, waits for its second factor. */
export function askForFactor({ challenge, methods }) {
  waiting = { challenge, methods };
  go('factor');
}

/** A page that was loaded anew has forgotten what waits. */
export function showFactor() {
  if (!waiting.challenge) return go('sign-in');
  const { methods } = waiting;
  for (const part of document.querySelectorAll('#view-factor [data-passkey-part]')) {
    part.hidden = !methods.includes('passkey');
  }
  showWay(methods.includes('code') ? 'code' : 'recoveryCode');
}

export function forgetFactor() {
  waiting = { challenge: '', methods: [] };
  for (const form of Object.values(FORMS)) find(form).reset();
}

function showWay(way) {
  const { methods } = waiting;
  for (const [name, form] of Object.entries(FORMS)) {
    find(form).hidden = name !== way || !methods.includes(name);
  }
  find('#factor-use-recovery').hidden = way === 'recoveryCode' || !methods.includes('recoveryCode');
  find('#factor-use-code').hidden = way === 'code' || !methods.includes('code');
  find(`${FORMS[way]} input`).focus();
}

async function byPasskey() {
  try {
    const options = await request('POST', '/auth/passkeys/authentication/options', { challenge: waiting.challenge });
    await finish({ passkey: await readPasskey(options) });
  } catch (error) {
    if (!expired(error)) throw error;
  }
}

async function finish(proof) {
  await enter('/auth/second-factor', { challenge: waiting.challenge, ...proof });
  forgetFactor();
  go('notes');
}

function expired(error) {
  if (error.code !== 'CHALLENGE_EXPIRED') return false;
  forgetFactor();
  go('sign-in');
  notify('That took too long, or too much of it was wrong. Sign in again.');
  return true;
}
