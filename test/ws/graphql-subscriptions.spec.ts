import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Args, GraphQLModule, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { Module, type Type } from '@nestjs/common';
import { PubSub } from 'graphql-subscriptions';
import { createClient, type Client, type ClientOptions } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Accounts, Auth, CurrentPrincipal, Principal, Public } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { AuthSocketsModule, SocketSessions } from '../../lib/ws/index.js';
import {
  browserOf,
  newPerson,
  ORIGIN,
  pageHeaders,
  revokeAll,
  startNode,
  tokensOf,
  within,
  type Node,
  type Person,
} from './kit.js';

const bus = new PubSub();

@Resolver()
class NotesResolver {
  @Query('who') who(@CurrentPrincipal() who: Principal): string {
    return `${who.userId} via ${who.via}`;
  }
  @Mutation('write') async write(@CurrentPrincipal() who: Principal, @Args('text') text: string): Promise<string> {
    await bus.publish('written', { written: `${who.userId}: ${text}` });
    return text;
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
class OpenResolver {
  @Query('open') @Public() open(@CurrentPrincipal() who?: Principal): string {
    return who?.userId ?? 'nobody';
  }
}

const typeDefs = `
  type Query { who: String, open: String }
  type Mutation { write(text: String!): String }
  type Subscription { written: String, secret: String }
`;

function startGraphql(resolvers: readonly Type[], clock = new TestClock()): Promise<Node> {
  const graphql = GraphQLModule.forRootAsync<ApolloDriverConfig>({
    driver: ApolloDriver,
    imports: [AuthSocketsModule],
    inject: [SocketSessions],
    useFactory: (sockets: SocketSessions) => ({
      typeDefs,
      graphiql: false,
      subscriptions: { 'graphql-ws': sockets.graphqlWs() },
    }),
  });
  @Module({ providers: [...resolvers] })
  class ResolversModule {}
  return startNode({ clock, imports: [graphql, ResolversModule], auth: { rateLimits: { multiplier: 1_000 } } });
}

interface Connection {
  readonly client: Client;
  readonly closed: Promise<{ code: number; reason: string }>;
}

const clients: Client[] = [];
afterEach(() => clients.splice(0).forEach((client) => void client.dispose()));

function connect(
  node: Node,
  { headers = {}, params }: { headers?: Record<string, string>; params?: object },
): Connection {
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
  };
  const client = createClient(params === undefined ? options : { ...options, connectionParams: { ...params } });
  clients.push(client);
  return { client, closed };
}

/** The first result of an operation, or the close event that came instead. */
function first(client: Client, query: string): Promise<any> {
  return within(
    3_000,
    new Promise((resolve) => {
      client.subscribe({ query }, { next: resolve, error: (error) => resolve({ error }), complete: () => undefined });
    }),
  );
}

/** Everything that a subscription brings. */
function follow(client: Client, query: string): unknown[] {
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

describe('subscriptions over graphql-ws', () => {
  let node: Node;
  let clock: TestClock;

  beforeAll(async () => {
    clock = new TestClock();
    node = await startGraphql([NotesResolver], clock);
  });
  afterAll(() => node.close());

  async function byToken(person: Person): Promise<Connection> {
    const { access_token: token } = await tokensOf(node, person);
    return connect(node, { params: { authorization: `Bearer ${token}` } });
  }

  it('refuse a connection that nobody is known of', async () => {
    const browser = await browserOf(node, await newPerson(node));
    const cookie = pageHeaders(browser);
    for (const [options, code, reason] of [
      [{}, 4401, 'NOT_AUTHENTICATED'],
      [{ params: { authorization: 'Bearer x' }, headers: cookie }, 4401, 'INVALID_ACCESS_TOKEN'],
      [{ params: { Authorization: 'Basic x' }, headers: cookie }, 4401, 'INVALID_ACCESS_TOKEN'],
      [{ params: { authorization: 7 }, headers: cookie }, 4401, 'INVALID_ACCESS_TOKEN'],
      [{ headers: pageHeaders(browser, 'https://evil.example') }, 4403, 'CSRF_FAILED'],
    ] as const) {
      const { client, closed } = connect(node, options);
      void first(client, '{ who }');
      expect(await within(2_000, closed)).toMatchObject({ code, reason });
    }
  });

  it('know the principal of a cookie, of a header and of the connection parameters', async () => {
    const person = await newPerson(node);
    const cookie = connect(node, { headers: pageHeaders(await browserOf(node, person)) });
    expect(await first(cookie.client, '{ who }')).toEqual({ data: { who: `${person.userId} via session` } });
    const params = await byToken(person);
    expect(await first(params.client, '{ who }')).toEqual({ data: { who: `${person.userId} via bearer` } });
    const { access_token: token } = await tokensOf(node, person);
    const header = connect(node, { headers: { authorization: `Bearer ${token}`, origin: ORIGIN } });
    expect(await first(header.client, '{ who }')).toEqual({ data: { who: `${person.userId} via bearer` } });
  });

  it('guard each subscription', async () => {
    const { client } = await byToken(await newPerson(node));
    const refused = await first(client, 'subscription { secret }');
    expect(JSON.stringify(refused)).toContain('FORBIDDEN');
    const admin = await byToken(await newPerson(node, ['admin']));
    const secrets = follow(admin.client, 'subscription { secret }');
    await expect
      .poll(async () => {
        await bus.publish('secret', { secret: 'x' });
        return secrets[0];
      })
      .toEqual({ secret: 'x' });
  });

  it('judge each operation anew: a lost role, a session over', async () => {
    const person = await newPerson(node, ['admin']);
    const { client } = await byToken(person);
    expect(await first(client, '{ who }')).toHaveProperty('data.who');
    await node.get(Accounts).removeRole(person.userId, 'admin');
    expect(JSON.stringify(await first(client, 'subscription { secret }'))).toContain('FORBIDDEN');
    clock.advance(61 * 60_000);
    expect(JSON.stringify(await first(client, '{ who }'))).toContain('INVALID_ACCESS_TOKEN');
  });

  it('end with the session: nothing more is delivered', async () => {
    const person = await newPerson(node);
    const other = await newPerson(node);
    const mine = await byToken(person);
    const theirs = connect(node, { headers: pageHeaders(await browserOf(node, other)) });
    const [received, kept] = [
      follow(mine.client, 'subscription { written }'),
      follow(theirs.client, 'subscription { written }'),
    ];
    await expect
      .poll(async () => {
        await bus.publish('written', { written: 'early' });
        return received.length > 0 && kept.length > 0;
      })
      .toBe(true);
    await revokeAll(node, person);
    expect(await within(1_000, mine.closed)).toMatchObject({ code: 4401, reason: 'INVALID_ACCESS_TOKEN' });
    await bus.publish('written', { written: 'late' });
    await expect.poll(() => kept.at(-1)).toEqual({ written: 'late' });
    expect(received).not.toContainEqual({ written: 'late' });
    expect(received.at(-1)).toBe('ended');
  });

  it('end with the access token', async () => {
    const connection = await byToken(await newPerson(node));
    expect(await first(connection.client, '{ who }')).toHaveProperty('data.who');
    const results = follow(connection.client, 'subscription { written }');
    await expect
      .poll(async () => {
        await bus.publish('written', { written: 'early' });
        return results.length;
      })
      .toBeGreaterThan(0);
    clock.advance(61 * 60_000);
    await node.look();
    expect(await within(1_000, connection.closed)).toMatchObject({ code: 4401, reason: 'INVALID_ACCESS_TOKEN' });
  });
});

describe('subscriptions beside an open resolver', () => {
  let node: Node;

  beforeAll(async () => {
    node = await startGraphql([NotesResolver, OpenResolver]);
  });
  afterAll(() => node.close());

  it('let anonymous connections in, and guard what is guarded', async () => {
    const { client } = connect(node, {});
    expect(await first(client, '{ open }')).toEqual({ data: { open: 'nobody' } });
    expect(JSON.stringify(await first(client, '{ who }'))).toContain('NOT_AUTHENTICATED');
    expect(JSON.stringify(await first(client, 'subscription { written }'))).toContain('NOT_AUTHENTICATED');
  });

  it('refuse a wrong credential all the same', async () => {
    const { client, closed } = connect(node, { params: { authorization: 'Bearer x' } });
    void first(client, '{ open }');
    expect(await within(2_000, closed)).toMatchObject({ code: 4401, reason: 'INVALID_ACCESS_TOKEN' });
  });
});
