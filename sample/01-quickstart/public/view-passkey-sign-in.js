import { request } from './api.js';
import { arrive } from './arrival.js';
import { busyWhile, find } from './dom.js';
import { attempt, notify } from './router.js';
import { enter } from './session.js';
import { hasPasskeys, readPasskey } from './webauthn.js';
import { inWords } from './words.js';

/** What is asked for is good for five minutes; somebody may look at the form for longer. */
const ASK_AGAIN_MS = 4 * 60_000;

let asking = new AbortController();

export function preparePasskeySignIn() {
  find('#sign-in-passkey').addEventListener('click', (event) => {
    void busyWhile(event.currentTarget, () => attempt(byButton));
  });
}

/** The browser offers passkeys among the addresses that it fills in, for as long as the view is shown. */
export async function offerPasskeys() {
  stopOffering();
  const { signal } = (asking = new AbortController());
  if (!hasPasskeys() || !(await PublicKeyCredential.isConditionalMediationAvailable?.()) || signal.aborted) return;
  const again = setTimeout(() => void offerPasskeys(), ASK_AGAIN_MS);
  signal.addEventListener('abort', () => clearTimeout(again));
  try {
    const passkey = await readPasskey(await options(), { mediation: 'conditional', signal });
    await signIn(passkey);
  } catch (error) {
    // Nobody has asked for this, so only a passkey that was chosen and refused is worth a word.
    if (!signal.aborted && error.code) notify(explained(error));
  }
}

/** A browser asks for one passkey at a time. */
export function stopOffering() {
  asking.abort();
}

async function byButton() {
  stopOffering();
  try {
    await signIn(await readPasskey(await options()));
  } catch (error) {
    void offerPasskeys();
    throw new Error(explained(error), { cause: error });
  }
}

const options = () => request('POST', '/auth/passkeys/authentication/options', {});

async function signIn(passkey) {
  const { rememberMe } = find('#sign-in-form').elements;
  arrive(await enter('/auth/passkeys/authentication', { passkey, rememberMe: rememberMe.checked }));
}

function explained(error) {
  if (error.code === 'CHALLENGE_EXPIRED') return 'That took too long. Try again.';
  const unknown = error.code === 'INVALID_CREDENTIALS';
  return unknown ? 'This passkey signs in to no account here. It may have been removed.' : inWords(error);
}
