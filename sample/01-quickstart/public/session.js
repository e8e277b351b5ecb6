import { rememberCsrfToken, request } from './api.js';

/** Who is signed in: the answer of `GET /auth/session`, the one call that a page makes at its start. */
export let session = { user: null };

const listeners = new Set();

export function onSessionChange(listener) {
  listeners.add(listener);
}

export async function loadSession() {
  become(await request('GET', '/auth/session'));
}

/**
 * Posts what ends in a session: every way of signing in, and every change after which the session goes on under another
 * id. The answer brings the CSRF token of that session.
 */
export async function enter(path, body) {
  const { csrfToken } = await request('POST', path, body);
  rememberCsrfToken(csrfToken);
  await loadSession();
}

export async function signOut() {
  await request('POST', '/auth/logout');
  forgetSession();
}

/** The server no longer knows this session. */
export function forgetSession() {
  become({ user: null });
}

function become(next) {
  session = next;
  rememberCsrfToken(next.csrfToken);
  for (const listener of listeners) listener();
}
