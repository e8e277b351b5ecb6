import { request as send, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { Body, Controller, Get, Header, Post, Req } from '@nestjs/common';
import { ClientAddresses, fastifyOptions, harden, Public, type AuthValues } from '../../lib/index.js';
import { startApp, type Adapter, type AppSetup, type TestApp } from '../support/app.js';

export const HOST = 'api.example.com';
export const PAGE = 'https://app.example.com';

/** Production, with what a test has no use for accepted. */
export const PRODUCTION = {
  environment: 'production',
  baseUrl: `https://${HOST}`,
  origins: [PAGE],
  trustedProxyHops: 1,
  passwords: { cost: 4 },
  checklist: {
    accept: Object.fromEntries(
      ['database.synchronize', 'database.embedded', 'mail.console', 'mail.insecure-links'].map((id) => [id, 'a test']),
    ),
  },
} as const satisfies Partial<AuthValues>;

interface Addressed {
  readonly ip: string;
  readonly headers: IncomingMessage['headers'];
}

@Public()
@Controller()
export class HostController {
  constructor(private readonly addresses: ClientAddresses) {}

  @Get(['answer', 'docs', 'docs/inside', 'docs-other', ''])
  answer(): object {
    return { answered: true };
  }

  @Get('own-headers')
  @Header('Content-Security-Policy', "default-src 'self' https://cdn.example.com")
  @Header('Referrer-Policy', 'origin')
  @Header('Strict-Transport-Security', 'max-age=1')
  own(): string {
    return '<p>A page.</p>';
  }

  @Get('address')
  address(@Req() request: Addressed): object {
    const forwardedHost = request.headers['x-forwarded-host'] ?? null;
    const client = this.addresses.of(request).address;
    return { ip: request.ip, client, forwardedHost, hostname: (request as { hostname?: string }).hostname };
  }

  @Post(['received', 'webhook'])
  received(@Req() { body, rawBody }: { readonly body?: unknown; readonly rawBody?: Buffer }): object {
    return { bytes: Buffer.isBuffer(body) ? body.toString() : null, rawBody: rawBody?.toString() ?? null };
  }

  @Post('echo')
  echo(@Body() body: unknown): object {
    return { length: JSON.stringify(body).length };
  }
}

/** A hardened application. */
export function startHardened(adapter: Adapter, auth: Partial<AuthValues> = {}, more: AppSetup = {}): Promise<TestApp> {
  const values = { ...PRODUCTION, ...auth };
  return startApp({
    adapter,
    auth: values,
    hasher: 'real',
    controllers: [HostController],
    ...(adapter === 'fastify' ? { fastify: fastifyOptions(values) } : {}),
    ...more,
    prepare: async (app) => {
      await more.prepare?.(app);
      harden(app);
    },
  });
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One request with the headers as given: `fetch` writes `Host` and `Origin` itself. */
export function call(
  { url }: TestApp,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  { method = 'GET', body }: { readonly method?: string; readonly body?: string } = {},
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = send(url + path, { method, headers: { host: HOST, ...headers } }, (answer) => {
      let text = '';
      answer.on('data', (part: Buffer) => (text += part.toString()));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
    });
    outgoing.on('error', reject).end(body);
  });
}

/** Bytes as they are, to the end of the answer. */
export function sendRaw({ url }: TestApp, lines: readonly string[]): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => socket.write([...lines, '', ''].join('\r\n')));
    let text = '';
    socket.on('data', (part) => (text += part.toString()));
    socket.on('error', reject).on('close', () => {
      const [head = '', rest = ''] = text.split('\r\n\r\n');
      const [first = '', ...fields] = head.split('\r\n');
      const headers = Object.fromEntries(fields.map((field) => field.toLowerCase().split(/: (.*)/s, 2)));
      resolve({ status: Number(first.split(' ')[1]), headers: headers as IncomingHttpHeaders, text: rest });
    });
  });
}
