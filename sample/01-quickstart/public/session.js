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

export async function signIn(credentials) {
  const answer = await request('POST', '/auth/login', credentials);
  rememberCsrfToken(answer.csrfToken);
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
