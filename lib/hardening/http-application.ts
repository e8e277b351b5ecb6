import type { INestApplication } from '@nestjs/common';
import type { ServerResponse, IncomingMessage, Server } from 'node:http';

/** As much of a Nest application as is hardened, whichever adapter it has. */
export interface HttpApplication {
  readonly adapter: HttpAdapter;
  readonly server: Server;
  /** What `NestFactory.create` was given. */
  readonly appOptions: { readonly cors?: unknown; readonly bodyParser?: boolean; readonly rawBody?: boolean };
  readonly isInitialized: boolean;
}

export type AdapterKind = 'express' | 'fastify';

/** Express hands out what Node.js made; Fastify wraps it. */
export type AdapterRequest = IncomingMessage & { readonly raw?: IncomingMessage };
export type AdapterResponse = ServerResponse & { readonly raw?: ServerResponse; hijack?(): unknown };
export type RequestHook = (request: AdapterRequest, response: AdapterResponse, done: () => void) => unknown;

/** The part of `AbstractHttpAdapter` that is used, and what both adapters keep to themselves and have no getter for. */
export interface HttpAdapter {
  getType(): string;
  getInstance(): unknown;
  setOnRequestHook(hook: RequestHook): void;
  enableCors(options?: unknown): unknown;
  useBodyParser(type: string, rawBody: boolean, options: Readonly<Record<string, unknown>>): unknown;
  registerParserMiddleware(prefix?: string, rawBody?: boolean): unknown;
  /** Of Fastify's alone. */
  hasCustomBodyParser?(type: string): boolean;
  onRequestHook?: RequestHook | undefined;
  corsHook?: unknown;
}

export function httpApplication(app: INestApplication): HttpApplication {
  const nest = app as unknown as Pick<HttpApplication, 'appOptions' | 'isInitialized'>;
  return {
    adapter: app.getHttpAdapter() as unknown as HttpAdapter,
    server: app.getHttpServer() as Server,
    appOptions: nest.appOptions ?? {},
    isInitialized: nest.isInitialized,
  };
}

/** Which of the two it is; `undefined` for an application without a server, or with one of another kind. */
export function adapterKind(adapter: Pick<HttpAdapter, 'getType'> | null | undefined): AdapterKind | undefined {
  const type = adapter?.getType?.();
  return type === 'express' || type === 'fastify' ? type : undefined;
}
