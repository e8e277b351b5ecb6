import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Auth, Public } from '../../lib/index.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import { connect, first, leaveAll, NotesResolver, OpenResolver, startGraphql } from './graphql-kit.js';
import {
  bareSocketTo,
  browserOf,
  newPerson,
  outcomeOf,
  pageHeaders,
  socketTo,
  startNode,
  tokensOf,
  within,
  type Node,
  type NodeSetup,
} from './kit.js';

/** Its messages are open, but one of them, so it is worth knowing whom to disconnect later. */
@Public()
@WebSocketGateway()
class OpenGateway {
  @SubscribeMessage('open') open() {
    return { event: 'answer', data: 'in' };
  }
  @SubscribeMessage('own') @Auth() own() {
    return { event: 'answer', data: 'in' };
  }
}

interface Presented {
  readonly headers?: Record<string, string>;
  readonly token?: string;
}

/** What becomes of a handshake: `connected`, or why not. It is left at once. */
type Handshake = (node: Node, presented: Presented) => Promise<unknown>;

const overSocketIo: Handshake = async (node, { headers = {}, token }) => {
  const socket = socketTo(node, { headers, auth: token === undefined ? {} : { token } });
  try {
    const outcome = await within(8_000, outcomeOf(socket));
    return typeof outcome === 'string' ? outcome : (outcome as { code: string }).code;
  } finally {
    socket.disconnect();
  }
};

const overWs: Handshake = async (node, { headers = {}, token }) => {
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const { socket, closed, ask } = await bareSocketTo(node, { headers: { ...headers, ...authorization } });
  try {
    const end = closed.then(({ code, reason }) => `${code} ${reason}`);
    return await Promise.race([
      end,
      ask('open').then(
        () => 'connected',
        () => end,
      ),
    ]);
  } finally {
    socket.terminate();
  }
};

const overGraphql: Handshake = async (node, { headers = {}, token }) => {
  const params = token === undefined ? {} : { params: { authorization: `Bearer ${token}` } };
  const { client, closed } = connect(node, { headers, ...params });
  const end = closed.then(({ code, reason }) => `${code} ${reason}`);
  const answer = first(client, '{ open }').then(({ data }) => (data === undefined ? end : 'connected'));
  return within(8_000, Promise.race([end, answer]));
};

afterEach(leaveAll);

const auth = { rateLimits: { multiplier: 1_000 } };
const openGateway = { gateways: [OpenGateway], database: 'sqlite', auth } as const;

describe.each([
  ['socket.io', overSocketIo, 'STORE_UNAVAILABLE', (setup: NodeSetup) => startNode({ ...openGateway, ...setup })],
  [
    'ws',
    overWs,
    '4503 STORE_UNAVAILABLE',
    (setup: NodeSetup) => startNode({ ...openGateway, platform: 'ws', ...setup }),
  ],
  [
    'graphql-ws',
    overGraphql,
    '4503 STORE_UNAVAILABLE',
    (setup: NodeSetup) => startGraphql([NotesResolver, OpenResolver], setup),
  ],
] as const)('an open handshake over %s while the state store is down', (_, handshake, refusal, start) => {
  let redis: PrivateRedis;
  let node: Node;

  beforeAll(async () => {
    redis = await startRedis();
    node = await start({ redisUrl: redis.url });
  });
  afterAll(async () => {
    await node.close();
    await redis.stop();
  });

  it('is refused to a credential that nobody can judge, and to no other', async () => {
    const person = await newPerson(node);
    const headers = pageHeaders(await browserOf(node, person));
    const { access_token: token } = await tokensOf(node, person);
    expect(await handshake(node, { headers })).toBe('connected');
    expect(await handshake(node, { token })).toBe('connected');
    await redis.stop();
    expect(await handshake(node, { headers })).toBe(refusal);
    expect(await handshake(node, { token })).toBe(refusal);
    expect(await handshake(node, {})).toBe('connected');
    await redis.restart();
    await expect.poll(() => handshake(node, { token }), { timeout: 10_000, interval: 200 }).toBe('connected');
  });
});
