import type { AuthRequest } from '../access/credential-source.js';
import { isObject } from '../access/socket-handshake.js';
import { Handshakes } from './handshakes.js';
import { closerOf, type WsSocket } from './ws-server.js';

/** As much of the connection that `graphql-ws` hands to its hooks as is used. */
export interface GraphqlWsConnection {
  readonly connectionParams?: Readonly<Record<string, unknown>> | undefined;
  /** `{ socket, request }`, as `graphql-ws/use/ws` fills it. */
  readonly extra?: unknown;
}

/** Goes into `subscriptions: { 'graphql-ws': ... }` of `GraphQLModule`. */
export interface GraphqlWsHooks {
  /** `false` for a connection that was refused and is closed already. */
  readonly onConnect: (connection: GraphqlWsConnection) => Promise<boolean>;
}

export function graphqlWsHooks(handshakes: Handshakes): GraphqlWsHooks {
  return { onConnect: (connection) => connect(handshakes, connection) };
}

async function connect(handshakes: Handshakes, connection: GraphqlWsConnection): Promise<boolean> {
  const { socket, request } = (connection.extra ?? {}) as { socket?: WsSocket; request?: AuthRequest };
  if (!isObject(socket) || request === undefined) {
    throw new Error(
      'SocketSessions.graphqlWs() needs the server of graphql-ws/use/ws: it finds no socket and request.',
    );
  }
  const close = closerOf(socket);
  const judgement = await handshakes.ofGraphql(socket, connection, request, close);
  if ('refusal' in judgement) {
    close(judgement.refusal);
    return false;
  }
  if (socket.readyState !== OPEN) return false;
  socket.once('close', judgement.leave);
  judgement.enter();
  return true;
}

const OPEN = 1;
