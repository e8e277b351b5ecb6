import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  AbstractGraphQLDriver,
  Args,
  Context,
  GqlSubscriptionService,
  GraphQLModule,
  Mutation,
  Query,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { Module, type Type } from '@nestjs/common';
import { PubSub } from 'graphql-subscriptions';
import { createClient, type Client, type ClientOptions } from 'graphql-ws';
import { WebSocket } from 'ws';
import { Auth, CurrentPrincipal, Principal, Public } from '../../lib/index.js';
import { AuthSocketsModule, SocketSessions } from '../../lib/ws/index.js';
import { startNode, tokensOf, within, type Node, type NodeSetup, type Person } from './kit.js';

export const bus = new PubSub();

@Resolver()
export class NotesResolver {
  constructor(private readonly sockets: SocketSessions) {}

  @Query('who') who(@CurrentPrincipal() who: Principal): string {
    return `${who.userId} via ${who.via}`;
  }
  @Mutation('write') async write(@CurrentPrincipal() who: Principal, @Args('text') text: string): Promise<string> {
    await bus.publish('written', { written: `${who.userId}: ${text}` });
    return text;
  }
  @Mutation('reset') @Auth({ roles: ['admin'] }) reset(): string {
    return 'done';
  }
  @Mutation('renew') async renew(
    @Context() { req }: { req: { extra: { socket: object } } },
    @Args('token') token: string,
  ): Promise<string> {
    return (await this.sockets.authenticate(req.extra.socket, token)).userId;
  }
  @Subscription('written') written(@CurrentPrincipal() who: Principal): AsyncIterator<unknown> {
    if (!(who instanceof Principal)) throw new Error('nobody');
    return bus.asyncIterableIterator('written');
  }
  @Subscription('secret') @Auth({ roles: ['admin'] }) secret(): AsyncIterator<unknown> {
    return bus.asyncIterableIterator('secret');
  }
}

@Resolver()
export class OpenResolver {
  @Query('open') @Public() open(@CurrentPrincipal() who?: Principal): string {
    return who?.userId ?? 'nobody';
  }
}

const typeDefs = `
  type Query { who: String, open: String }
  type Mutation { write(text: String!): String, renew(token: String!): String, reset: String }
  type Subscription { written: String, secret: String }
`;

/** Subscriptions alone, on whatever server Nest runs: Apollo's own driver needs a package of its own for Fastify. */
class SocketDriver extends AbstractGraphQLDriver<ApolloDriverConfig> {
  private service: GqlSubscriptionService | undefined;

  override start({ schema, subscriptions }: ApolloDriverConfig): Promise<void> {
    if (schema === undefined) throw new Error('There is no schema.');
    const context = (connection: object): object => ({ req: connection });
    const { httpAdapter } = this.httpAdapterHost;
    this.service = new GqlSubscriptionService(
      { schema, path: '/graphql', context, ...subscriptions },
      httpAdapter.getHttpServer(),
    );
    return Promise.resolve();
  }

  override async stop(): Promise<void> {
    await this.service?.stop();
  }
}

export interface GraphqlSetup extends NodeSetup {
  /** What operations over a socket are told of it, where the application makes that itself. */
  readonly context?: (from: { extra?: { request: object }; req?: object }) => object;
}

export function startGraphql(
  resolvers: readonly Type[],
  { context, auth, ...setup }: GraphqlSetup = {},
): Promise<Node> {
  const graphql = GraphQLModule.forRootAsync<ApolloDriverConfig>({
    driver: setup.adapter === 'fastify' ? SocketDriver : ApolloDriver,
    imports: [AuthSocketsModule],
    inject: [SocketSessions],
    useFactory: (sockets: SocketSessions) => ({
      typeDefs,
      graphiql: false,
      subscriptions: { 'graphql-ws': sockets.graphqlWs() },
      ...(context === undefined ? {} : { context }),
    }),
  });
  @Module({ providers: [...resolvers] })
  class ResolversModule {}
  return startNode({
    ...setup,
    imports: [graphql, ResolversModule],
    auth: { rateLimits: { multiplier: 1_000 }, ...auth },
  });
}

export interface Connection {
  readonly client: Client;
  readonly closed: Promise<{ code: number; reason: string }>;
}

const clients: Client[] = [];

/** For `afterEach`. */
export function leaveAll(): void {
  for (const client of clients.splice(0)) void client.dispose();
}

export interface ConnectOptions extends Partial<ClientOptions> {
  readonly headers?: Record<string, string>;
  readonly params?: object;
}

export function connect(node: Node, { headers = {}, params, ...more }: ConnectOptions): Connection {
  class Handshake extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols, { headers });
    }
  }
  let close: (end: { code: number; reason: string }) => void = () => undefined;
  const closed = new Promise<{ code: number; reason: string }>((resolve) => (close = resolve));
  const options: ClientOptions = {
    url: `${node.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: Handshake,
    retryAttempts: 0,
    lazyCloseTimeout: 10_000,
    on: {
      closed: (event) => {
        const { code, reason } = event as { code: number; reason: string };
        close({ code, reason });
      },
    },
    ...more,
  };
  const client = createClient(params === undefined ? options : { ...options, connectionParams: { ...params } });
  clients.push(client);
  return { client, closed };
}

/** The first result of an operation, or the close event that came instead. */
export function first(client: Client, query: string): Promise<any> {
  return within(
    3_000,
    new Promise((resolve) => {
      client.subscribe({ query }, { next: resolve, error: (error) => resolve({ error }), complete: () => undefined });
    }),
  );
}

/** Everything that a subscription brings. */
export function follow(client: Client, query: string): unknown[] {
  const results: unknown[] = [];
  client.subscribe(
    { query },
    {
      next: ({ data }) => results.push(data),
      error: () => results.push('ended'),
      complete: () => results.push('ended'),
    },
  );
  return results;
}

/** A connection with a new access token of the person. */
export async function byToken(node: Node, person: Person, more: ConnectOptions = {}): Promise<Connection> {
  const { access_token: token } = await tokensOf(node, person);
  return connect(node, { params: { authorization: `Bearer ${token}` }, ...more });
}

/** Publishes until the subscription has brought something. */
export async function begin(results: unknown[], field: 'written' | 'secret'): Promise<void> {
  for (let round = 0; round < 100 && results.length === 0; round += 1) {
    await bus.publish(field, { [field]: 'early' });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (results[0] === undefined) throw new Error('The subscription brings nothing.');
}
