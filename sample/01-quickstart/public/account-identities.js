import { request } from './api.js';
import { busyWhile, find, make } from './dom.js';
import { pageSettings } from './page-settings.js';
import { providerName } from './providers.js';
import { attempt, notify } from './router.js';
import { enter } from './session.js';
import { sure } from './sure.js';
import { moment } from './words.js';

/** Accounts at other providers that sign in to this one. Without a provider there is nothing to see. */
export function prepareIdentities() {
  find('#identities').addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    const { unlink, name } = button.dataset;
    void busyWhile(button, () => attempt(() => takeAway(unlink, name)));
  });
  find('#identities-link').addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button) void busyWhile(button, () => attempt(() => link(button.dataset.link)));
  });
}

export async function showIdentities() {
  const { providers, baseOrigin } = pageSettings;
  find('#identities-part').hidden = true;
  if (providers.length === 0) return;
  const items = await linked();
  if (items === undefined) return;
  find('#identities-part').hidden = false;
  find('#identities').replaceChildren(...items.map(card));
  find('#identities-empty').hidden = items.length > 0;
  // Providers lead back to one address, and the browser that left is known there alone.
  const here = location.origin === baseOrigin;
  find('#identities-link').replaceChildren(...(here ? providers.map(linkButton) : [elsewhere(baseOrigin)]));
}

/** `undefined` for somebody who has to set up a second factor first: that is done in the parts above. */
async function linked() {
  try {
    return (await request('GET', '/auth/identities')).items;
  } catch (error) {
    if (error.code !== 'ENROLMENT_REQUIRED') throw error;
    return undefined;
  }
}

async function link(provider) {
  const path = `/auth/oauth/${encodeURIComponent(provider)}/link`;
  const { url } = await request('POST', path, { returnTo: '/?view=account' });
  location.assign(url);
}

async function takeAway(id, name) {
  if (!(await sure(`Unlink ${name}? It will not sign in to this account any longer.`, 'Unlink it'))) return;
  await enter(`/auth/identities/${encodeURIComponent(id)}`, undefined, 'DELETE');
  await showIdentities();
  notify(`${name} is unlinked.`);
  find('#view-account h1').focus();
}

function card({ id, provider, email, createdAt }) {
  const name = providerName(provider);
  const button = { type: 'button', 'data-unlink': id, 'data-name': name };
  return make(
    'li',
    { class: 'card session' },
    make(
      'div',
      {},
      make('h3', {}, name),
      make('p', { class: 'meta' }, [email, `linked ${moment(createdAt)}`].filter(Boolean).join(', ')),
    ),
    make('button', button, 'Unlink', make('span', { class: 'unseen' }, ` ${name}`)),
  );
}

function linkButton(provider) {
  return make('button', { type: 'button', 'data-link': provider }, `Link ${providerName(provider)}`);
}

function elsewhere(origin) {
  return make('p', { class: 'hint' }, 'To link another one, open ', make('a', { href: `${origin}/#/account` }, origin));
}
