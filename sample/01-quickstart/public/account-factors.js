import { request } from './api.js';
import { busyWhile, find, say } from './dom.js';
import { attempt, notify } from './router.js';
import { enter } from './session.js';
import { sure } from './sure.js';
import { tellRecoveryCodes } from './view-recovery-codes.js';

/** The authenticator app and its recovery codes, on the view of the account. */
export function prepareFactors() {
  find('#factors-new-codes').addEventListener('click', (event) => {
    void busyWhile(event.currentTarget, () => attempt(renewCodes));
  });
  find('#factors-disable').addEventListener('click', (event) => {
    void busyWhile(event.currentTarget, () => attempt(disable));
  });
}

export async function showFactors() {
  const { totp, recoveryCodesLeft } = await request('GET', '/auth/second-factor');
  say(
    find('#factors-state'),
    totp
      ? `On: signing in asks for a code of your authenticator app. ${left(recoveryCodesLeft)}`
      : 'Off. With an authenticator app on your phone, a stolen password is not enough.',
  );
  find('#factors-enrol').hidden = totp;
  find('#factors-new-codes').hidden = !totp;
  find('#factors-disable').hidden = !totp;
}

function left(count) {
  if (count === 0) return 'No recovery code is left: make new ones.';
  return count === 1 ? 'One recovery code is left.' : `${count} recovery codes are left.`;
}

async function renewCodes() {
  if (!(await sure('Make new recovery codes? The ones you have will not work any longer.', 'Make new codes'))) return;
  const { recoveryCodes } = await enter('/auth/recovery-codes', {});
  tellRecoveryCodes(recoveryCodes);
}

async function disable() {
  if (!(await sure('Turn the second factor off? The recovery codes go with it.', 'Turn it off'))) return;
  await enter('/auth/totp/disable', {});
  await showFactors();
  notify('The second factor is off, and all other browsers are signed out.');
  find('#view-account h1').focus();
}
