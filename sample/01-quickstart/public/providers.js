import { find, make } from './dom.js';
import { pageSettings } from './page-settings.js';
import { askForFactor } from './view-factor.js';
import { go, notify } from './router.js';
import { inWords } from './words.js';

const NAMES = { oidc: 'OpenID Connect', github: 'GitHub', gitlab: 'GitLab' };

/** How people know a provider. */
export function providerName(provider) {
  return NAMES[provider] ?? provider.charAt(0).toUpperCase() + provider.slice(1);
}

let back = { error: '', view: '', challenge: '', methods: [] };

/** Takes what a provider's answer has left in the address out of it, before anything else is done. */
export function takeReturn() {
  const query = new URLSearchParams(location.search);
  const fragment = new URLSearchParams(location.hash.slice(1));
  if (!query.has('error') && !query.has('view') && !fragment.has('challenge')) return;
  const methods = fragment.get('methods')?.split(',') ?? ['code', 'recoveryCode', 'passkey'];
  const [error, view] = [query.get('error') ?? '', query.get('view') ?? ''];
  back = { error, view, challenge: fragment.get('challenge') ?? '', methods };
  history.replaceState(null, '', location.hash.startsWith('#/') ? `/${location.hash}` : '/');
}

/** Goes on with what came back: the second factor, the view that linking began in, or a word about what went wrong. */
export function showReturn() {
  const { error, view, challenge, methods } = back;
  if (challenge) return askForFactor({ challenge, methods });
  if (view === 'account') go('account');
  if (error) notify(inWords({ code: error, message: 'Signing in there did not work. Try again.' }));
}

/** The links that sign in with another provider, on the view for signing in. */
export function prepareProviders() {
  const { providers, baseOrigin } = pageSettings;
  const { rememberMe } = find('#sign-in-form').elements;
  find('#providers').addEventListener('click', ({ target }) => {
    const remember = rememberMe.checked ? '&remember=1' : '';
    if (target.matches('a')) target.search = `?returnTo=/${remember}`;
  });
  find('#providers').hidden = providers.length === 0;
  find('#providers').replaceChildren(
    ...providers.map((provider) => {
      const href = `${baseOrigin}/auth/oauth/${encodeURIComponent(provider)}?returnTo=/`;
      return make('li', {}, make('a', { href, class: 'button wide' }, `Sign in with ${providerName(provider)}`));
    }),
  );
}
