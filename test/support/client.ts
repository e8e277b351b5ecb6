/** Passes the default policy. */
export const PASSWORD = 'correct horse battery staple';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON body, or `undefined` where there is none. */
  readonly body: any;
  readonly setCookies: readonly string[];
}

export interface CallOptions {
  readonly body?: unknown;
  /** Sent as it is, instead of `body` as JSON. */
  readonly raw?: string | Uint8Array;
  readonly headers?: Record<string, string>;
  /** Default `true`: unsafe requests carry the CSRF token of the last answer that had one. */
  readonly csrf?: boolean;
}

/** A browser as far as authentication goes: a cookie jar and the CSRF token. */
export class Client {
  readonly cookies = new Map<string, string>();
  csrfToken: string | undefined;

  constructor(private readonly url: string) {}

  get(path: string, options?: CallOptions): Promise<Answer> {
    return this.call('GET', path, options);
  }

  post(path: string, body?: unknown, options?: CallOptions): Promise<Answer> {
    return this.call('POST', path, { ...options, body });
  }

  delete(path: string, options?: CallOptions): Promise<Answer> {
    return this.call('DELETE', path, options);
  }

  register(email: string, password = PASSWORD): Promise<Answer> {
    return this.post('/auth/register', { email, password });
  }

  signIn(email: string, password = PASSWORD, more: object = {}): Promise<Answer> {
    return this.post('/auth/login', { email, password, ...more });
  }

  async call(method: string, path: string, { body, raw, headers, csrf = true }: CallOptions = {}): Promise<Answer> {
    const sent = new Headers(headers);
    if (body !== undefined && !sent.has('content-type')) sent.set('content-type', 'application/json');
    if (this.cookies.size > 0 && !sent.has('cookie')) sent.set('cookie', this.cookieHeader());
    if (csrf && method !== 'GET' && this.csrfToken !== undefined) sent.set('x-csrf-token', this.csrfToken);
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(this.url + path, { method, headers: sent, body: payload ?? null, redirect: 'manual' });
    return this.keep(response);
  }

  cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  private async keep(response: Response): Promise<Answer> {
    const text = await response.text();
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) {
      const [pair = ''] = line.split(';');
      const name = pair.slice(0, pair.indexOf('='));
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(name.length + 1));
    }
    const body: unknown = text !== '' && isJson(response) ? JSON.parse(text) : undefined;
    const token = (body as { csrfToken?: unknown } | undefined)?.csrfToken;
    if (typeof token === 'string') this.csrfToken = token;
    return { status: response.status, headers: response.headers, text, body, setCookies };
  }
}

function isJson(response: Response): boolean {
  return response.headers.get('content-type')?.includes('json') ?? false;
}
