import {
  createServer,
  request as forward,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
} from 'node:http';
import { createServer as createTlsServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What a proxy in front of an application may do to it. */
export interface FrontRules {
  /** Answers by itself, or leaves it: `undefined`. */
  readonly answer?: (
    request: IncomingMessage,
  ) => { status: number; headers?: OutgoingHttpHeaders; body?: string } | undefined;
  readonly path?: (path: string) => string;
  readonly headers?: (headers: OutgoingHttpHeaders, request: IncomingMessage) => OutgoingHttpHeaders;
}

export interface Front {
  readonly url: string;
  /** Every request as it came, in order. */
  readonly seen: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[];
  close(): Promise<void>;
}

const certificates = (await import(
  pathToFileURL(join(import.meta.dirname, '../../sample/02-production/proxy/certificate.mjs')).href
)) as { selfSigned(names: string[], now: Date): { key: string; certificate: string } };

export const TLS = certificates.selfSigned(['localhost', '127.0.0.1'], new Date());

/** An over-long address is for the application to refuse: what is refused here is not seen. */
const LIMITS = { maxHeaderSize: 65_536 };

/** One hop that says that TLS ended there and appends to `X-Forwarded-For`, in front of an application at loopback. */
export async function startFront(
  upstream: () => string,
  rules: FrontRules = {},
  scheme: 'https' | 'http' = 'https',
): Promise<Front> {
  const seen: Front['seen'] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const { method = '', url = '', headers } = request;
      seen.push({ method, path: url, headers, body: body.toString() });
      const own = rules.answer?.(request);
      if (own !== undefined) return void response.writeHead(own.status, own.headers).end(own.body);
      const before = headers['x-forwarded-for'];
      const sent = {
        ...headers,
        'x-forwarded-for': before ? `${String(before)}, 127.0.0.1` : '127.0.0.1',
        'x-forwarded-proto': 'https',
      };
      const { hostname, port } = new URL(upstream());
      const path = rules.path?.(url) ?? url;
      const passed = forward({ hostname, port, method, path, headers: sent, agent: false }, (answer) => {
        const answered: OutgoingHttpHeaders = { ...answer.headers };
        delete answered['connection'];
        delete answered['keep-alive'];
        response.writeHead(answer.statusCode!, rules.headers?.(answered, request) ?? answered);
        answer.pipe(response);
      });
      passed.on('error', () => response.destroy());
      passed.end(body);
    });
  };
  const server =
    scheme === 'https'
      ? createTlsServer({ ...LIMITS, key: TLS.key, cert: TLS.certificate }, listener)
      : createServer(LIMITS, listener);
  return { url: `${scheme}://127.0.0.1:${await listen(server)}`, seen, close: () => close(server) };
}

/** A server that is no application at all, over plain http. */
export async function startStranger(listener: RequestListener): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(listener);
  return { url: `http://127.0.0.1:${await listen(server)}`, close: () => close(server) };
}

async function listen(server: Server | ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function close(server: Server | ReturnType<typeof createServer>): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
