import { make, say } from './dom.js';
import { pageSettings } from './page-settings.js';

const REASONS = {
  NotAllowedError: 'No passkey was used: the window was closed, or it took too long.',
  InvalidStateError: 'This device has a passkey of your account already.',
  SecurityError: 'Passkeys do not work under this address.',
};

/** Whether this browser can use passkeys under this address. Where it cannot, the page says why. */
export function hasPasskeys() {
  return pageSettings.passkeyOrigin === location.origin && isModern();
}

/** Passkeys travel as JSON (WebAuthn Level 3, 5.1.7 and 5.1.8). */
function isModern() {
  return typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === 'function';
}

/** Leaves the buttons of passkeys where they work, and a line that says why in the place of each where they do not. */
export function preparePasskeys() {
  for (const button of document.querySelectorAll('[data-passkeys]')) button.disabled = !hasPasskeys();
  for (const line of document.querySelectorAll('[data-no-passkeys]')) {
    say(line, '');
    if (hasPasskeys()) continue;
    line.hidden = false;
    line.append(...obstacle());
  }
}

/** A passkey belongs to the name of a site, and a bare IP address is none (WebAuthn, RP ID). */
function obstacle() {
  const { passkeyOrigin } = pageSettings;
  if (passkeyOrigin === location.origin) {
    return ['This browser cannot use passkeys on this page. A newer one can, on a page of https or of this machine.'];
  }
  const link = make('a', { href: `${passkeyOrigin}/` }, passkeyOrigin);
  return ['For passkeys open ', link, ', since they belong to a name and never to a number.'];
}

/** Makes a passkey by what the server asks for; answers what the server is to get. */
export function makePasskey(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return asJson(() => navigator.credentials.create({ publicKey }));
}

/** `more` may hold `signal` and `mediation`. */
export function readPasskey(options, more = {}) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return asJson(() => navigator.credentials.get({ publicKey, ...more }));
}

async function asJson(ceremony) {
  try {
    return (await ceremony()).toJSON();
  } catch (error) {
    throw REASONS[error.name] ? new Error(REASONS[error.name], { cause: error }) : error;
  }
}
