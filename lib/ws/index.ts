export { AuthSocketsModule } from './auth-sockets.module.js';
export { SocketSessions } from './socket-sessions.service.js';
export type { GraphqlWsConnection, GraphqlWsHooks } from './graphql-ws.js';
