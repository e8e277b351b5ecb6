import type { Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import { AdminGateway, ChatGateway, Seen } from './gateways.js';
import {
  ask,
  browserOf,
  endOf,
  lookUps,
  newPerson,
  outcomeOf,
  pageHeaders,
  revokeAll,
  socketTo,
  startNode,
  tokensOf,
  within,
  type HandshakeOptions,
  type Node,
} from './kit.js';

const gateways = [ChatGateway, AdminGateway];
const auth = { rateLimits: { multiplier: 1_000 } };

/** Longest time on another node: one round of 5 s, and a second for the machine. */
const SOON_MS = 6_000;

const sockets: Socket[] = [];
afterEach(() => sockets.splice(0).forEach((socket) => socket.disconnect()));

async function connected(node: Node, options: HandshakeOptions): Promise<Socket> {
  const socket = socketTo(node, options);
  sockets.push(socket);
  expect(await outcomeOf(socket)).toBe('connected');
  return socket;
}

describe('two instances on one PostgreSQL and one Redis', () => {
  let here: Node;
  let there: Node;

  beforeAll(async () => {
    here = await startNode({ database: 'postgres', store: 'redis', gateways, providers: [Seen], auth });
    const { databaseUrl, redisUrl } = here;
    if (databaseUrl === undefined || redisUrl === undefined) throw new Error('no shared services');
    there = await startNode({
      databaseUrl,
      redisUrl,
      gateways,
      providers: [Seen],
      auth,
      typeorm: { synchronize: false },
    });
  });
  afterAll(async () => {
    await here.close();
    await there.close();
  });

  it('disconnect at once here and within 5 s there what is revoked here', async () => {
    const person = await newPerson(here);
    const headers = pageHeaders(await browserOf(here, person));
    const { access_token: token } = await tokensOf(here, person);
    const near = [await connected(here, { headers }), await connected(here, { auth: { token } })].map(endOf);
    const far = await Promise.all(Array.from({ length: 30 }, () => connected(there, { headers })));
    const farByToken = await connected(there, { auth: { token } });
    const stranger = await connected(there, { headers: pageHeaders(await browserOf(here, await newPerson(here))) });
    const ends = [...far, farByToken].map(endOf);
    await revokeAll(here, person);
    const begun = performance.now();
    expect((await within(1_000, Promise.all(near))).map(({ told }) => told.statusCode)).toEqual([401, 401]);
    expect(await ask(far[0]!, 'who')).toMatchObject({ error: { code: 'NOT_AUTHENTICATED' } });
    for (const { told } of await within(SOON_MS, Promise.all(ends))) expect(told.statusCode).toBe(401);
    expect(performance.now() - begun).toBeLessThan(SOON_MS);
    expect(stranger.connected).toBe(true);
  });

  it.each([
    ['a disabled account', (userId: string) => here.get(Accounts).disable(userId), '/', 'NOT_AUTHENTICATED'],
    ['a lost role', (userId: string) => here.get(Accounts).removeRole(userId, 'admin'), '/admin', 'FORBIDDEN'],
  ] as const)('disconnect there by %s here', async (_, change, namespace, code) => {
    const person = await newPerson(here, ['admin']);
    const end = endOf(await connected(there, { headers: pageHeaders(await browserOf(here, person)), namespace }));
    await change(person.userId);
    expect((await within(SOON_MS, end)).told).toMatchObject({ code });
  });

  it('look up each session once a round, however many sockets it has, and nothing without sockets', async () => {
    const mine = pageHeaders(await browserOf(here, await newPerson(here)));
    const other = pageHeaders(await browserOf(here, await newPerson(here)));
    for (const headers of [mine, mine, mine, mine, other]) await connected(there, { headers });
    expect(await lookUps(there)).toBe(2);
    for (const socket of sockets.splice(0)) socket.disconnect();
    await expect.poll(() => lookUps(there), { interval: 20 }).toBe(0);
  });
});

describe('while the state store is down', () => {
  let redis: PrivateRedis;
  let node: Node;

  beforeAll(async () => {
    redis = await startRedis();
    node = await startNode({ database: 'sqlite', redisUrl: redis.url, gateways, providers: [Seen], auth });
  });
  afterAll(async () => {
    await node.close();
    await redis.stop();
  });

  it('sockets stay, messages and handshakes are refused with 503, and both come back with it', async () => {
    const person = await newPerson(node);
    const headers = pageHeaders(await browserOf(node, person));
    const socket = await connected(node, { headers });
    const end = endOf(socket);
    await redis.stop();
    await node.look();
    expect(await ask(socket, 'who')).toMatchObject({ error: { code: 'STORE_UNAVAILABLE', statusCode: 503 } });
    const refused = socketTo(node, { headers });
    sockets.push(refused);
    expect(await outcomeOf(refused)).toMatchObject({ code: 'STORE_UNAVAILABLE', statusCode: 503 });
    await revokeAll(node, person).catch(() => undefined);
    await node.look();
    expect(socket.connected).toBe(true);
    await redis.restart();
    await expect.poll(() => node.look().then(() => socket.connected), { timeout: 10_000, interval: 200 }).toBe(false);
    expect((await within(1_000, end)).told).toMatchObject({ code: 'NOT_AUTHENTICATED' });
  });
});
