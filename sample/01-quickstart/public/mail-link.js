const PAGES = new Set(['verify-email', 'reset-password', 'change-email', 'magic-link', 'unlock']);

let taken = { page: '', token: '', fields: new URLSearchParams() };

/**
 * Takes the token of a mailed link out of the address bar, before anything else is done: it shall be in no bookmark, no
 * screenshot and no list of visited pages. From here on it is in the memory of this page alone.
 */
export function takeLink() {
  const page = location.pathname.slice(1);
  if (!PAGES.has(page)) return;
  const fields = new URLSearchParams(location.hash.slice(1));
  taken = { page, token: fields.get('token') ?? '', fields };
  history.replaceState(null, '', `/#/${page}`);
}

/** The token that came with the link to this page, or an empty text. */
export function linkToken(page) {
  return taken.page === page ? taken.token : '';
}

/** Whether the link said so beside its token. */
export function linkSays(word) {
  return taken.fields.has(word);
}

/** The token has done its work. */
export function forgetLink() {
  taken = { page: '', token: '', fields: new URLSearchParams() };
}
