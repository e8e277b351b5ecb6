/** A refused or failed request. `details` are the problems by field. */
export class ApiError extends Error {
  constructor(status, body, retryAfter) {
    super(body.message ?? `The server answered ${status}.`);
    this.status = status;
    this.code = body.code ?? '';
    this.details = Array.isArray(body.details) ? body.details : [];
    this.retryAfter = retryAfter;
  }
}

const SAFE = new Set(['GET', 'HEAD']);

let csrfToken = '';

/** The token that every unsafe request carries while somebody is signed in. */
export function rememberCsrfToken(token) {
  csrfToken = token ?? '';
}

/** One request to this server. Answers the JSON body, or `undefined` where there is none. */
export async function request(method, path, body) {
  const headers = { Accept: 'application/json' };
  if (!SAFE.has(method) && csrfToken) headers['X-CSRF-Token'] = csrfToken;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const response = await send(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const answer = await readJson(response);
  if (response.ok) return answer;
  throw new ApiError(response.status, answer ?? {}, Number(response.headers.get('Retry-After')) || 0);
}

async function send(path, options) {
  try {
    return await fetch(path, { ...options, credentials: 'same-origin', cache: 'no-store' });
  } catch {
    throw new ApiError(0, { message: 'The server cannot be reached. Check the connection and try again.' }, 0);
  }
}

async function readJson(response) {
  const type = response.headers.get('Content-Type') ?? '';
  return type.includes('application/json') ? response.json().catch(() => undefined) : undefined;
}
