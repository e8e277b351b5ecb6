import { request } from './api.js';
import { arrive } from './arrival.js';
import { find } from './dom.js';
import { prepareForm } from './forms.js';
import { forgetLink, linkToken } from './mail-link.js';
import { enter } from './session.js';
import { showLink } from './view-links.js';

export function prepareMagicLink() {
  prepareForm(find('#magic-link-form'), (data) => signIn({ rememberMe: data.get('rememberMe') !== null }));
}

/**
 * In the browser that asked for it the link signs in. In another one somebody may have sent it, to have what is done here
 * land in an account of theirs: the page shows whose it is, and asks.
 */
export async function showMagicLink() {
  find('#magic-link-form').hidden = true;
  const token = linkToken('magic-link');
  find('#magic-link-missing').hidden = token !== '';
  if (token === '') return;
  const { email, sameBrowser } = await request('POST', '/auth/magic-link/preview', { token });
  if (sameBrowser) return signIn({});
  find('#magic-link-email').textContent = email;
  showLink('magic-link');
}

async function signIn(more) {
  const answer = await enter('/auth/magic-link', { token: linkToken('magic-link'), ...more });
  forgetLink();
  arrive(answer);
}
