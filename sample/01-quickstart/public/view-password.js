import { find } from './dom.js';
import { prepareForm } from './forms.js';
import { withOwnPassword } from './own-password.js';
import { failed, go, notify } from './router.js';
import { enter } from './session.js';

export function preparePassword() {
  prepare(
    'change-password',
    '/auth/password/change',
    'The password is changed, and all other browsers are signed out.',
  );
  prepare('set-password', '/auth/password/set', 'The password is set.');
}

function prepare(name, path, words) {
  const form = find(`#${name}-form`);
  prepareForm(
    form,
    async (data) => {
      await withOwnPassword('currentPassword', () => enter(path, Object.fromEntries(data)));
      form.reset();
      go('account');
      notify(words);
    },
    failed,
  );
}
