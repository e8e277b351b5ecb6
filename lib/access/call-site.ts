import type { ExecutionContext } from '@nestjs/common';
import type { RpcOptions } from '../options/auth-options.js';
import type { AuthRequest } from './credential-source.js';
import { rpcRequest } from './rpc-message.js';
import { asRequest, graphqlHandshakeOf, handshakeOf, isObject } from './socket-handshake.js';

export type Transport = 'http' | 'graphql' | 'ws' | 'rpc' | 'other';

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

const NO_TOKENS: readonly object[] = [];

/** The call behind a context of Nest. `rpc` finds the credential of a microservice message, where one is looked for. */
export function callSiteOf(context: ExecutionContext, rpc?: RpcOptions): CallSite {
  const args = context.getArgs<unknown[]>();
  switch (context.getType<string>()) {
    case 'http':
      return site('http', asRequest(args[0]), args, NO_TOKENS);
    case 'graphql':
      return graphqlSite(args);
    case 'ws':
      return socketSite(args);
    case 'rpc':
      return rpcSite(args, rpcRequest(context, rpc));
    default:
      return { transport: 'other', request: undefined, carrier: undefined, perMessage: true, call: args, tokens: [] };
  }
}

/** The same for a request alone, as a middleware sees it. */
export function callSiteOfRequest(request: AuthRequest): CallSite {
  return site('http', request, request, NO_TOKENS);
}

/** The same for a socket that has just been opened. */
export function callSiteOfSocket(socket: object): CallSite {
  return socketSite([socket]);
}

/** The same for a connection of `graphql-ws`. */
export function callSiteOfGraphqlSocket(connection: object): CallSite {
  return graphqlSite([undefined, undefined, { req: connection }, undefined]);
}

function site(
  transport: Transport,
  request: AuthRequest | undefined,
  call: object,
  tokens: readonly object[],
): CallSite {
  const carrier = request === undefined ? undefined : carrierOf(request);
  const perMessage = carrier === undefined || isUpgrade(request);
  return { transport, request, carrier, perMessage, call, tokens };
}

/** The last argument is the pattern, which all messages share. */
function socketSite(args: unknown[]): CallSite {
  const client = args[0];
  return {
    transport: 'ws',
    request: handshakeOf(client),
    carrier: isObject(client) ? client : undefined,
    perMessage: true,
    call: args,
    tokens: args.slice(1, -1).filter(isObject),
  };
}

/** Apollo puts `req` into its context, Mercurius `reply`; `request` is what some applications choose. */
function graphqlSite(args: unknown[]): CallSite {
  const context = isObject(args[2]) ? (args[2] as Partial<Record<'req' | 'request' | 'reply', unknown>>) : {};
  const handshake = graphqlHandshakeOf(context.req) ?? graphqlHandshakeOf(context);
  if (handshake !== undefined) {
    const { request, socket } = handshake;
    return {
      transport: 'graphql',
      request,
      carrier: socket,
      perMessage: true,
      call: args,
      tokens: [args[3]].filter(isObject),
    };
  }
  const { req, request, reply } = context;
  const found =
    asRequest(req) ?? asRequest(request) ?? asRequest((reply as { request?: unknown } | undefined)?.request);
  return site('graphql', found, args, [args[3]].filter(isObject));
}

/** The context of a message is an object of its own; transports without one have nothing but its data. */
function rpcSite(args: unknown[], request: AuthRequest | undefined): CallSite {
  const own = args.slice(1).filter(isObject);
  const tokens = own.length > 0 ? own : args.filter(isObject);
  return { transport: 'rpc', request, carrier: tokens[0], perMessage: true, call: args, tokens };
}

/** Fastify wraps the Node request, and middleware sees the bare one: both lead to the same object. */
function carrierOf(request: AuthRequest): object {
  return isObject(request.raw) ? request.raw : request;
}

/** Whether a GraphQL operation came over a WebSocket: its request is the handshake, which outlives the operation. */
export function isUpgrade(request: AuthRequest | undefined): boolean {
  const upgrade = request?.headers['upgrade'];
  return upgrade !== undefined && String(upgrade).toLowerCase() === 'websocket';
}
