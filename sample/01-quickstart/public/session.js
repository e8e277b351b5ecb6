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
 * Sends what ends in a session: every way of signing in, and every change after which the session goes on under another
 * id. The answer brings the CSRF token of that session, or says that a second factor is due first.
 */
export async function enter(path, body, method = 'POST') {
  const answer = await request(method, path, body);
  if (answer.status === 'second_factor') return answer;
  rememberCsrfToken(answer.csrfToken);
  await loadSession();
  return answer;
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
