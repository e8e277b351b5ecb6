import { request } from 'node:http';
import type { Answer, CallOptions, Client } from '../support/client.js';

/** A host behind which sessions are kept as in production: `Secure`, with the prefix. */
export const HTTPS = 'https://api.example.com';
export const SESSION = '__Host-auth_session';

/** An answer with as little as is looked at here. */
export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** A request whose path and headers are sent as they stand: `fetch` puts paths in order and refuses some headers. */
export function rawCall(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string | string[]>> = {},
  body?: string,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, method, path, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** A request with exactly this `Cookie` header, whatever the browser holds. */
export function withCookies(browser: Client, method: string, path: string, cookie: string, options: CallOptions = {}) {
  return browser.call(method, path, { ...options, headers: { ...options.headers, cookie } });
}

export function cookieOf(answer: Answer, name: string): string | undefined {
  const line = answer.setCookies.find((each) => each.startsWith(`${name}=`));
  return line?.slice(name.length + 1, line.indexOf(';'));
}
