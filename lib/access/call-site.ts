import type { ExecutionContext } from '@nestjs/common';
import type { AuthRequest } from './credential-source.js';

export type Transport = 'http' | 'graphql' | 'ws' | 'other';

/** Where a call comes from, whatever the transport: what is needed to find a credential and to remember an answer. */
export interface CallSite {
  readonly transport: Transport;
  /** `undefined` when the transport shows none: then there is no credential either. */
  readonly request: AuthRequest | undefined;
  /** The object that lives as long as the request or the socket, and carries our state. */
  readonly carrier: object | undefined;
  /** On a socket every message is judged anew, so that a session revoked meanwhile is refused on the next one. */
  readonly perMessage: boolean;
  /** One object for all guards and interceptors of this call. */
  readonly call: object;
  /** Objects that belong to this call alone and that parameter decorators see as well. */
  readonly tokens: readonly object[];
}

/** The call behind a context of Nest. */
export function callSiteOf(context: ExecutionContext): CallSite {
  const args = context.getArgs<unknown[]>();
  switch (context.getType<string>()) {
    case 'http':
      return site('http', asRequest(args[0]), args, []);
    case 'graphql':
      return site('graphql', graphqlRequest(args[2]), args, [args[3]]);
    case 'ws':
      return socketSite(args);
    default:
      return { transport: 'other', request: undefined, carrier: undefined, perMessage: true, call: args, tokens: [] };
  }
}

/** The same for a request alone, as a middleware sees it. */
export function callSiteOfRequest(request: AuthRequest): CallSite {
  return site('http', request, request, []);
}

function site(transport: Transport, request: AuthRequest | undefined, call: object, tokens: unknown[]): CallSite {
  const carrier = request === undefined ? undefined : carrierOf(request);
  const perMessage = carrier === undefined || isUpgrade(request);
  return { transport, request, carrier, perMessage, call, tokens: tokens.filter(isObject) };
}

/**
 * socket.io keeps the handshake on the client; a bare `ws` client shows a request only when the application left one. The
 * last argument is the pattern, which all messages share.
 */
function socketSite(args: unknown[]): CallSite {
  const client = args[0];
  const shape = (isObject(client) ? client : {}) as Partial<Record<'handshake' | 'upgradeReq' | 'request', unknown>>;
  const request = asRequest(shape.handshake) ?? asRequest(shape.upgradeReq) ?? asRequest(shape.request);
  const carrier = isObject(client) ? client : undefined;
  return {
    transport: 'ws',
    request,
    carrier,
    perMessage: true,
    call: args,
    tokens: args.slice(1, -1).filter(isObject),
  };
}

/** Apollo puts `req` into its context, Mercurius `reply`; `request` is what some applications choose. */
function graphqlRequest(graphqlContext: unknown): AuthRequest | undefined {
  if (!isObject(graphqlContext)) return undefined;
  const { req, request, reply } = graphqlContext as Partial<Record<'req' | 'request' | 'reply', unknown>>;
  return asRequest(req) ?? asRequest(request) ?? asRequest((reply as { request?: unknown } | undefined)?.request);
}

/** Fastify wraps the Node request, and middleware sees the bare one: both lead to the same object. */
function carrierOf(request: AuthRequest): object {
  return isObject(request.raw) ? request.raw : request;
}

/** Whether a GraphQL operation came over a WebSocket: its request is the handshake, which outlives the operation. */
export function isUpgrade(request: AuthRequest | undefined): boolean {
  return String(request?.headers['upgrade'] ?? '').toLowerCase() === 'websocket';
}

function asRequest(value: unknown): AuthRequest | undefined {
  return isObject(value) && isObject((value as Partial<AuthRequest>).headers) ? (value as AuthRequest) : undefined;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
