import { RequestMethod, type Type } from '@nestjs/common';

export type HandlerKind = 'http' | 'graphql' | 'graphql-field' | 'ws' | 'rpc';

export interface HttpRoute {
  /** `GET`, `POST`, ... or `ALL`. */
  readonly method: string;
  /** Paths of the controller and of the method, without global prefix, module path and version. */
  readonly paths: readonly string[];
}

// Metadata keys of Nest and its packages, written out because the packages themselves are optional.
const HTTP_PATH = 'path';
const HTTP_METHOD = 'method';
const WS_MESSAGE = 'websockets:message_mapping';
const GATEWAY = 'websockets:is_gateway';
const RPC_PATTERN = 'microservices:pattern';
const GRAPHQL_TYPE = 'graphql:resolver_type';
const GRAPHQL_FIELD = 'graphql:resolve_property';
const GRAPHQL_REFERENCE = 'graphql:resolve_reference';
const GRAPHQL_ROOTS: ReadonlySet<unknown> = new Set(['Query', 'Mutation', 'Subscription']);

/** What Nest will call the method as, or `undefined` when it is an ordinary method. */
export function handlerKind(type: Type, method: object): HandlerKind | undefined {
  // Hardly any method of a provider is marked, and to ask for each mark takes long over hundreds of classes.
  if (Reflect.getMetadataKeys(method).length === 0 && !Reflect.hasMetadata(GRAPHQL_TYPE, type)) return undefined;
  if (Reflect.hasMetadata(RPC_PATTERN, method)) return 'rpc';
  if (Reflect.hasMetadata(HTTP_PATH, method)) return 'http';
  if (Reflect.hasMetadata(WS_MESSAGE, method)) return 'ws';
  if (Reflect.hasMetadata(GRAPHQL_FIELD, method) || Reflect.hasMetadata(GRAPHQL_REFERENCE, method)) {
    return 'graphql-field';
  }
  const resolves: unknown = Reflect.getMetadata(GRAPHQL_TYPE, method) ?? Reflect.getMetadata(GRAPHQL_TYPE, type);
  return GRAPHQL_ROOTS.has(resolves) ? 'graphql' : undefined;
}

export function isGateway(type: Type): boolean {
  return Reflect.hasMetadata(GATEWAY, type);
}

/** Methods that Nest calls on a gateway without any guard. */
export const UNGUARDED_GATEWAY_METHODS: readonly string[] = ['afterInit', 'handleConnection', 'handleDisconnect'];

export function httpRoute(type: Type, method: object): HttpRoute {
  const paths = pathsOf(type).flatMap((outer) => pathsOf(method).map((inner) => joined(outer, inner)));
  const verb = RequestMethod[Number(Reflect.getMetadata(HTTP_METHOD, method) ?? RequestMethod.GET)];
  return { method: verb ?? 'ALL', paths };
}

function pathsOf(target: object): readonly string[] {
  const path = Reflect.getMetadata(HTTP_PATH, target) as string | readonly string[] | undefined;
  return path === undefined || path === '' ? ['/'] : typeof path === 'string' ? [path] : path;
}

function joined(outer: string, inner: string): string {
  const segments = [outer, inner].map((path) => path.replace(/^\/+|\/+$/g, '')).filter((path) => path !== '');
  return `/${segments.join('/')}`;
}
