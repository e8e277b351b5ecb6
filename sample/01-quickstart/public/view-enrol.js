import { request } from './api.js';
import { busyWhile, find } from './dom.js';
import { prepareForm } from './forms.js';
import { attempt, failed, notify } from './router.js';
import { enter } from './session.js';
import { tellRecoveryCodes } from './view-recovery-codes.js';

/** Setting up an authenticator app: the QR code, and a code that shows that the app has it. */
export function prepareEnrol() {
  find('#enrol-begin').addEventListener('click', (event) => {
    void busyWhile(event.currentTarget, () => attempt(begin));
  });
  prepareForm(
    find('#enrol-form'),
    async (data) => {
      const { recoveryCodes } = await enter('/auth/totp/confirm', { code: data.get('code') });
      tellRecoveryCodes(recoveryCodes);
    },
    (error) => {
      if (error.code !== 'CHALLENGE_EXPIRED') return failed(error);
      forgetEnrolment();
      notify('That took too long. Begin again: the app needs the new QR code.');
      return true;
    },
  );
}

/** The secret is shown while this view is, and is nowhere in the page after that. */
export function forgetEnrolment() {
  find('#enrol-form').reset();
  find('#enrol-form').hidden = true;
  find('#enrol-start').hidden = false;
  find('#enrol-qr').removeAttribute('src');
  find('#enrol-secret').textContent = '';
  find('#enrol-open').removeAttribute('href');
}

async function begin() {
  const { secret, uri, qr } = await request('POST', '/auth/totp/enroll', {});
  find('#enrol-qr').src = qr;
  find('#enrol-open').href = uri;
  find('#enrol-secret').textContent = secret.replace(/(.{4})(?=.)/g, '$1 ');
  find('#enrol-start').hidden = true;
  find('#enrol-form').hidden = false;
  find('#enrol-code').focus();
}
