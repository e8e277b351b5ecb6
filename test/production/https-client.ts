import { request } from 'node:https';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

export const PASSWORD = 'seven hinges and one bell';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: any;
  /** The worker that answered; `undefined` when the proxy did. */
  readonly instance: string | undefined;
  readonly setCookies: readonly string[];
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: OutgoingHttpHeaders;
}

export interface BegunPost {
  finish(rest: string): Promise<Answer>;
  abort(): void;
}

/** A browser on the other side of TLS: trusts one certificate, keeps cookies and the CSRF token, has an address. */
export class HttpsClient {
  readonly cookies = new Map<string, string>();
  csrfToken: string | undefined;

  constructor(
    readonly url: string,
    readonly certificate: string,
    /** The loopback address from which it calls: all of 127.0.0.0/8 is this machine. */
    readonly localAddress = '127.0.0.1',
  ) {}

  get(path: string, options?: CallOptions): Promise<Answer> {
    return this.call('GET', path, options);
  }

  post(path: string, body?: unknown, options?: CallOptions): Promise<Answer> {
    return this.call('POST', path, { ...options, body });
  }

  delete(path: string, options?: CallOptions): Promise<Answer> {
    return this.call('DELETE', path, options);
  }

  register(email: string, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
    return this.post('/auth/register', { email, password: PASSWORD }, { headers });
  }

  signIn(email: string, password = PASSWORD, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
    return this.post('/auth/login', { email, password }, { headers });
  }

  /** Headers and the beginning of the body are sent; `finish` sends the rest, `abort` breaks off. */
  async beginPost(path: string, beginning: string, length: number): Promise<BegunPost> {
    const headers = { 'content-type': 'application/json', 'content-length': length };
    const { sent, answered } = this.open('POST', path, headers);
    await new Promise<void>((resolve) => sent.write(beginning, () => resolve()));
    return {
      finish: (rest) => {
        sent.end(rest);
        return answered;
      },
      abort: () => void sent.destroy(),
    };
  }

  private call(method: string, path: string, { body, headers = {} }: CallOptions = {}): Promise<Answer> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const type = payload === undefined ? {} : { 'content-type': 'application/json' };
    const { sent, answered } = this.open(method, path, { ...type, ...headers });
    sent.end(payload);
    return answered;
  }

  private open(method: string, path: string, headers: OutgoingHttpHeaders) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const own = {
      ...(cookie === '' ? {} : { cookie }),
      ...(method === 'GET' || this.csrfToken === undefined ? {} : { 'x-csrf-token': this.csrfToken }),
    };
    const { certificate: ca, localAddress } = this;
    const sent = request(this.url + path, { method, headers: { ...own, ...headers }, ca, localAddress, agent: false });
    const answered = new Promise<Answer>((resolve, reject) => {
      sent.once('error', reject);
      sent.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response
          .once('error', reject)
          .once('end', () => resolve(this.keep(response.statusCode!, response.headers, text)));
      });
    });
    // Whoever began a request may look at its end much later.
    answered.catch(() => undefined);
    return { sent, answered };
  }

  private keep(status: number, headers: IncomingHttpHeaders, text: string): Answer {
    const setCookies = headers['set-cookie'] ?? [];
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const body: any = headers['content-type']?.includes('json') === true && text !== '' ? JSON.parse(text) : undefined;
    if (typeof body?.csrfToken === 'string') this.csrfToken = body.csrfToken;
    const instance = headers['x-instance'];
    return { status, headers, body, setCookies, instance: typeof instance === 'string' ? instance : undefined };
  }
}
