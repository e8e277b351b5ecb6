/** A refresh is given up after this time: well within the 30 s for which the same token may be sent again. */
const ANSWER_MS = 10_000;
/** The last of them is sent before the 30 s are over. */
const TRIES = 3;
/** Waits longer than this are for the user to know about, not for a request to sit out. */
const MOST_PATIENCE_S = 60;
/** Access tokens are replaced this long before they expire, so that they do not expire on their way. */
const EARLY_MS = 10_000;

const ENDED = {
  INVALID_REFRESH_TOKEN: 'This sign-in has ended. Sign in again.',
  REFRESH_TOKEN_REUSED: 'A token of this sign-in was used twice, so it has been ended. Sign in again.',
};

/** Nobody is signed in (any more). `code` is what the server said, if it was asked. */
export class SignedOut extends Error {
  constructor(code = '') {
    super(ENDED[code] ?? 'Sign in to continue.');
    this.code = code;
  }
}

/** The server refused a request, or gave no answer (`status` 0). */
export class Refused extends Error {
  constructor({ status, body = {}, retryAfter = 0 }) {
    super(body.message ?? (status === 0 ? 'The server cannot be reached.' : `The server answered ${status}.`));
    Object.assign(this, { status, code: body.code ?? '', retryAfter });
  }
}

/**
 * Holds the tokens of one sign-in, in a browser and in Node.js.
 *
 * - `store`: `read()` and `write(tokens)`, in order, shared by everything that may refresh.
 * - `exclusively(work)`: runs one `work` at a time, over everything that shares the store.
 */
export class TokenClient {
  #url;
  #store;
  #exclusively;
  #tell;
  #fetch;
  #answerMs;

  constructor({
    url,
    store,
    exclusively,
    tell = () => {},
    fetch: send = (...given) => fetch(...given),
    answerMs = ANSWER_MS,
  }) {
    this.#url = url;
    this.#store = store;
    this.#exclusively = exclusively;
    this.#tell = tell;
    this.#fetch = send;
    this.#answerMs = answerMs;
  }

  async isSignedIn() {
    return (await this.#store.read()).refreshToken !== undefined;
  }

  async signIn(username, password, scope) {
    const { deviceToken: device_token } = await this.#store.read();
    const asked = Date.now();
    const answer = await this.#post('/auth/token', { grant_type: 'password', username, password, scope, device_token });
    if (!isTokens(answer)) throw new Refused(answer);
    // In its turn: a refresh of an earlier sign-in would write over it.
    await this.#exclusively(() => this.#keep(answer.body, asked));
    this.#tell(`Signed in for ${answer.body.scope}.`);
  }

  /** Forgets the tokens whatever happens; throws when the server could not be told. */
  async signOut() {
    await this.#exclusively(async () => {
      const { refreshToken } = await this.#store.read();
      try {
        if (refreshToken === undefined) return;
        const answer = await this.#post('/auth/token/revoke', { token: refreshToken });
        if (!answer.ok) throw new Refused(answer);
        this.#tell('The session has been revoked.');
      } finally {
        await this.#forget();
      }
    });
  }

  /** The body of the answer. Throws `SignedOut` or `Refused`. `path` begins with `/`: tokens go to our server alone. */
  async request(path, { method = 'GET', body } = {}) {
    const { accessToken, refreshAt } = await this.#store.read();
    if (accessToken === undefined) throw new SignedOut();
    const due = Date.now() >= refreshAt;
    const first = due ? await this.#replace(accessToken) : accessToken;
    let answer = await this.#send(path, method, body, first);
    // Once: a new token that is refused too says that something else is wrong.
    if (isExpired(answer)) answer = await this.#send(path, method, body, await this.#replace(first));
    if (!answer.ok) throw new Refused(answer);
    return answer.body;
  }

  /** An access token in place of one that is no longer good. */
  #replace(spent) {
    return this.#exclusively(async () => {
      // Another tab may have refreshed, or signed out, while this one waited for its turn.
      const stored = await this.#store.read();
      if (stored.refreshToken === undefined) throw new SignedOut();
      if (stored.accessToken === spent) return this.#refresh(stored.refreshToken);
      this.#tell('Refreshed already: took the new token.');
      return stored.accessToken;
    });
  }

  async #refresh(refreshToken) {
    for (let attempt = 1; ; attempt += 1) {
      const asked = Date.now();
      const answer = await this.#post('/auth/token/refresh', { refresh_token: refreshToken });
      if (isTokens(answer)) {
        await this.#keep(answer.body, asked);
        this.#tell('Refreshed.');
        return answer.body.access_token;
      }
      if (answer.status === 401 && answer.body.code in ENDED) {
        await this.#forget();
        throw new SignedOut(answer.body.code);
      }
      // 200 without tokens is somebody in between, such as the sign-in page of a network.
      const again = answer.ok || answer.status === 0 || answer.status === 429 || answer.status >= 500;
      if (!again || attempt === TRIES || answer.retryAfter > MOST_PATIENCE_S) throw new Refused(answer);
      const waitS = answer.retryAfter || attempt;
      this.#tell(`No new tokens (${answer.status || 'no answer'}): the same token again in ${waitS} s.`);
      await new Promise((resolve) => setTimeout(resolve, waitS * 1_000));
    }
  }

  /** Before anything of the answer is used: from now on the server expects this refresh token. */
  async #keep(answer, asked) {
    const { deviceToken } = await this.#store.read();
    const lifeMs = answer.expires_in * 1_000;
    await this.#store.write({
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token,
      refreshAt: asked + lifeMs - Math.min(EARLY_MS, lifeMs / 4),
      deviceToken: answer.device_token ?? deviceToken,
    });
  }

  /** The device token stays: it signs nobody in, and lets this device past a lockout that others have caused. */
  async #forget() {
    const { deviceToken } = await this.#store.read();
    await this.#store.write({ deviceToken });
  }

  #post(path, body) {
    return this.#send(path, 'POST', body, undefined, AbortSignal.timeout(this.#answerMs));
  }

  /** Status 0 is an answer that did not come, or not as a whole. */
  async #send(path, method, body, accessToken, signal) {
    if (!path.startsWith('/')) throw new Error(`${path} does not begin with a slash.`);
    const headers = { Accept: 'application/json' };
    if (accessToken !== undefined) headers.Authorization = `Bearer ${accessToken}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    const sent = { method, headers, body: body && JSON.stringify(body), signal };
    try {
      const response = await this.#fetch(this.#url + path, { ...sent, ...NO_TRACES });
      const { ok, status } = response;
      const isJson = response.headers.get('Content-Type')?.includes('json') ?? false;
      const retryAfter = Number(response.headers.get('Retry-After')) || 0;
      return { ok, status, retryAfter, body: isJson ? await response.json() : {} };
    } catch {
      return { ok: false, status: 0, retryAfter: 0, body: {} };
    }
  }
}

/** No cookies, no copies of answers in a cache, and no token follows a redirect. */
const NO_TRACES = { credentials: 'omit', cache: 'no-store', redirect: 'error' };

function isTokens({ ok, body }) {
  return ok && typeof body.access_token === 'string' && typeof body.refresh_token === 'string';
}

function isExpired({ status, body }) {
  return status === 401 && body.code === 'INVALID_ACCESS_TOKEN';
}
