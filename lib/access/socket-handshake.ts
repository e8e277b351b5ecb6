import type { AuthRequest } from './credential-source.js';

const REQUEST = Symbol('gatehouse:handshake-request');
const TOKEN = Symbol('gatehouse:presented-token');

interface Marked {
  [REQUEST]?: AuthRequest;
  [TOKEN]?: string;
}

type SocketShape = Partial<Record<'handshake' | 'upgradeReq' | 'request', unknown>>;

/** Keeps the request that opened a socket: a bare `ws` client does not. */
export function leaveHandshake(socket: object, request: AuthRequest): void {
  Object.defineProperty(socket, REQUEST, { value: request, configurable: true });
}

/** From now on the token decides who the messages of this socket are from, whatever its handshake carried. */
export function presentToken(socket: object, token: string): void {
  Object.defineProperty(socket, TOKEN, { value: token, configurable: true });
}

/**
 * The handshake behind a socket, with the latest token that was presented. `auth.token` of socket.io counts as an
 * `Authorization` header, which browsers cannot set on a socket.
 */
export function handshakeOf(socket: unknown): AuthRequest | undefined {
  if (!isObject(socket)) return undefined;
  const shape = socket as SocketShape & Marked;
  const request =
    shape[REQUEST] ?? asRequest(shape.handshake) ?? asRequest(shape.upgradeReq) ?? asRequest(shape.request);
  return withToken(request, shape[TOKEN] ?? ownToken(request));
}

/** The handshake behind a GraphQL operation over `graphql-ws`, told by its context. */
export function graphqlHandshakeOf(context: unknown): { socket: object; request: AuthRequest | undefined } | undefined {
  const { extra, connectionParams } = (isObject(context) ? context : {}) as Partial<
    Record<'extra' | 'connectionParams', unknown>
  >;
  const { socket, request } = (isObject(extra) ? extra : {}) as Partial<Record<'socket' | 'request', unknown>>;
  if (!isObject(socket)) return undefined;
  const presented = (socket as Marked)[TOKEN];
  if (presented !== undefined) return { socket, request: withToken(asRequest(request), presented) };
  const authorization = authorizationOf(connectionParams);
  if (authorization === undefined) return { socket, request: asRequest(request) };
  return { socket, request: withAuthorization(asRequest(request), authorization) };
}

export function asRequest(value: unknown): AuthRequest | undefined {
  return isObject(value) && isObject((value as Partial<AuthRequest>).headers) ? (value as AuthRequest) : undefined;
}

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** A token that is no text is a wrong one: what somebody presents decides, and nothing else is looked for. */
export function withToken(request: AuthRequest | undefined, token: unknown): AuthRequest | undefined {
  if (token === undefined || token === null) return request;
  return withAuthorization(request, `Bearer ${typeof token === 'string' ? token : ''}`);
}

function withAuthorization(request: AuthRequest | undefined, authorization: string): AuthRequest {
  return { method: request?.method, headers: { ...request?.headers, authorization }, socket: request?.socket };
}

function ownToken(request: AuthRequest | undefined): unknown {
  const auth = (request as { readonly auth?: unknown } | undefined)?.auth;
  return isObject(auth) ? (auth as { readonly token?: unknown }).token : undefined;
}

/** What a page gives to the client as parameters, spelled as a header or as a property. */
function authorizationOf(connectionParams: unknown): string | undefined {
  if (!isObject(connectionParams)) return undefined;
  const { authorization, Authorization } = connectionParams as Partial<
    Record<'authorization' | 'Authorization', unknown>
  >;
  const value = authorization ?? Authorization;
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' && /^bearer\s/i.test(value) ? value : 'Bearer ';
}
