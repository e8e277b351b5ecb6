import { request } from './api.js';
import { busyWhile, find, make } from './dom.js';
import { clearProblems, prepareForm } from './forms.js';
import { attempt, failed, notify } from './router.js';
import { enter } from './session.js';
import { sure } from './sure.js';
import { makePasskey } from './webauthn.js';
import { moment } from './words.js';

let renaming = '';

/** The passkeys of an account: several, each with a name. */
export function preparePasskeyList() {
  find('#passkeys-add').addEventListener('click', (event) => {
    void busyWhile(event.currentTarget, () => attempt(add));
  });
  find('#passkeys').addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    const { rename, remove, name } = button.dataset;
    if (rename) return askForName(rename, name);
    void busyWhile(button, () => attempt(() => takeAway(remove, name)));
  });
  const form = find('#rename-form');
  prepareForm(
    form,
    async (data) => {
      await request('PATCH', pathOf(renaming), { name: data.get('name') });
      find('#rename').close();
      await showPasskeys();
      notify('The passkey has its new name.');
    },
    (error) => {
      if (!failed(error)) return false;
      find('#rename').close();
      return true;
    },
  );
  find('#rename-cancel').addEventListener('click', () => find('#rename').close());
}

export async function showPasskeys() {
  const { items } = await request('GET', '/auth/passkeys');
  find('#passkeys').replaceChildren(...items.map(card));
  find('#passkeys-empty').hidden = items.length > 0;
}

async function add() {
  const options = await request('POST', '/auth/passkeys/registration/options', {});
  const { passkey } = await enter('/auth/passkeys/registration', { passkey: await makePasskey(options) });
  await showPasskeys();
  notify('The passkey is added, and all other browsers are signed out.');
  askForName(passkey.id, passkey.name);
}

async function takeAway(id, name) {
  if (!(await sure(`Remove the passkey “${name}”?`, 'Remove it'))) return;
  await enter(pathOf(id), undefined, 'DELETE');
  await showPasskeys();
  notify('The passkey is removed. Delete it on your device too: it signs in nowhere now.');
  find('#view-account h1').focus();
}

function askForName(id, name) {
  renaming = id;
  const form = find('#rename-form');
  clearProblems(form);
  form.elements.name.value = name;
  find('#rename').showModal();
  form.elements.name.select();
}

function pathOf(id) {
  return `/auth/passkeys/${encodeURIComponent(id)}`;
}

function card({ id, name, createdAt, lastUsedAt, cloned }) {
  const title = make('h3', {}, name);
  if (cloned) title.append(' ', make('span', { class: 'badge refuse' }, 'seen twice: remove it'));
  const used = lastUsedAt ? `last used ${moment(lastUsedAt)}` : 'not used yet';
  return make(
    'li',
    { class: 'card session' },
    make('div', {}, title, make('p', { class: 'meta' }, `Added ${moment(createdAt)}, ${used}`)),
    make(
      'div',
      { class: 'row buttons' },
      action('Rename', name, { 'data-rename': id }),
      action('Remove', name, { 'data-remove': id }),
    ),
  );
}

function action(word, name, data) {
  return make(
    'button',
    { type: 'button', ...data, 'data-name': name },
    word,
    make('span', { class: 'unseen' }, ` ${name}`),
  );
}
