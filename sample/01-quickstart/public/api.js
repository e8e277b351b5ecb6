/** A refused or failed request. `details` are the problems by field, `methods` the ways to prove who one is. */
export class ApiError extends Error {
  constructor(status, body, retryAfter = 0) {
    super(body.message ?? `The server answered ${status}.`);
    this.status = status;
    this.code = body.code ?? '';
    this.details = Array.isArray(body.details) ? body.details : [];
    this.methods = body.details?.methods ?? [];
    this.retryAfter = retryAfter;
  }
}

/** Refusals that a proof of presence turns into a yes. */
const PROVABLE = new Set(['REAUTHENTICATION_REQUIRED', 'SECOND_FACTOR_REQUIRED']);

const SAFE = new Set(['GET', 'HEAD']);

let csrfToken = '';
let prove = () => Promise.resolve(false);

/** The token that every unsafe request carries while somebody is signed in. */
export function rememberCsrfToken(token) {
  csrfToken = token ?? '';
}

/** `ask` is given the ways to prove who one is, and resolves with whether it was done. */
export function onProofNeeded(ask) {
  prove = ask;
}

/**
 * One request to this server. Answers the JSON body, or `undefined` where there is none. What needs a recent proof is sent
 * again once it has been given.
 */
export async function request(method, path, body) {
  try {
    return await send(method, path, body);
  } catch (error) {
    if (!PROVABLE.has(error.code) || !(await prove(error.methods))) throw error;
    return send(method, path, body);
  }
}

async function send(method, path, body) {
  const headers = { Accept: 'application/json' };
  if (!SAFE.has(method) && csrfToken) headers['X-CSRF-Token'] = csrfToken;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const response = await reach(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const answer = await readJson(response);
  if (response.ok) return answer;
  throw new ApiError(response.status, answer ?? {}, Number(response.headers.get('Retry-After')) || 0);
}

async function reach(path, options) {
  try {
    return await fetch(path, { ...options, credentials: 'same-origin', cache: 'no-store' });
  } catch {
    throw new ApiError(0, { message: 'The server cannot be reached. Check the connection and try again.' });
  }
}

async function readJson(response) {
  const type = response.headers.get('Content-Type') ?? '';
  return type.includes('application/json') ? response.json().catch(() => undefined) : undefined;
}
