import type { Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Accounts, ApiKeys } from '../../lib/index.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { startApp, type TestApp } from '../support/app.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import { AdminGateway, ChatGateway, Seen } from '../ws/gateways.js';
import { NotesResolver, OpenResolver, startGraphql } from '../ws/graphql-kit.js';
import { ask, endOf, lookUps, newPerson, outcomeOf, socketTo, startNode, type Node, type Person } from '../ws/kit.js';
import { bearer, codeOf, header, WorkshopController } from './kit.js';

const REFUSED = { code: 'INVALID_API_KEY', message: 'The API key is not valid.', statusCode: 401 };

describe('a socket that was opened with an API key', () => {
  let node: Node;
  let person: Person;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    node = await startNode({
      gateways: [ChatGateway, AdminGateway],
      providers: [Seen],
      auth: { rateLimits: { multiplier: 1_000 } },
    });
    await newPerson(node, ['admin']);
    person = await newPerson(node, ['admin']);
  });
  afterEach(() => sockets.splice(0).forEach((socket) => socket.disconnect()));
  afterAll(() => node.close());

  const open = (headers: Record<string, string>, namespace = '/'): Socket => {
    const socket = socketTo(node, { headers, namespace });
    sockets.push(socket);
    return socket;
  };
  const made = () => node.get(ApiKeys).create(person.userId, { name: 'Robot' });

  it('speaks as its owner, in either header', async () => {
    const { key } = await made();
    for (const how of [bearer, header]) {
      const socket = open(how(key).headers);
      expect(await outcomeOf(socket)).toBe('connected');
      expect(await ask(socket, 'who')).toEqual({ who: person.userId, via: 'api-key', roles: ['admin'] });
    }
    const { items } = await node.get(ApiKeys).list(person.userId);
    expect(items.map(({ lastUsedIp }) => lastUsedIp)).toEqual(['127.0.0.1']);
    expect(await outcomeOf(open({ 'x-api-key': `${key}x` }))).toEqual(REFUSED);
    expect(await outcomeOf(open({ authorization: 'Bearer gk_x' }))).toEqual(REFUSED);
  });

  it('leaves its address in the trail when it is refused', async () => {
    const { userId } = await newPerson(node);
    const { key } = await node.get(ApiKeys).create(userId, { name: 'Robot' });
    const socket = open({ 'x-api-key': key });
    expect(await outcomeOf(socket)).toBe('connected');
    expect(await ask(socket, 'admin')).toMatchObject({ error: { code: 'FORBIDDEN' } });
    const rows = node.dataSource.getRepository(AuditRow);
    await vi.waitFor(async () => {
      expect(await rows.findBy({ subjectId: userId, type: 'access.refused' })).toMatchObject([
        { address: '127.0.0.1' },
      ]);
    });
  });

  it('ends when the key is revoked, and when its owner loses the role of the gateway', async () => {
    const { key, id } = await made();
    const socket = open({ 'x-api-key': key });
    expect(await outcomeOf(socket)).toBe('connected');
    const ended = endOf(socket);
    await node.get(ApiKeys).revoke(person.userId, id);
    expect((await ended).told).toMatchObject({ code: 'INVALID_API_KEY', statusCode: 401 });
    const other = open({ 'x-api-key': (await made()).key }, '/admin');
    expect(await outcomeOf(other)).toBe('connected');
    await lookUps(node);
    expect(other.connected).toBe(true);
    const demoted = endOf(other);
    await node.get(Accounts).removeRole(person.userId, 'admin');
    expect((await demoted).told).toMatchObject({ code: 'FORBIDDEN' });
  });
});

it('GraphQL takes an API key', async () => {
  const node = await startGraphql([NotesResolver, OpenResolver]);
  try {
    const { userId } = await newPerson(node);
    const { key } = await node.get(ApiKeys).create(userId, { name: 'Robot' });
    const query = (headers: Record<string, string>) =>
      node.client().post('/graphql', { query: '{ who }' }, { headers });
    for (const how of [bearer, header]) {
      expect((await query(how(key).headers as unknown as Record<string, string>)).body.data).toEqual({
        who: `${userId} via api-key`,
      });
    }
    expect(JSON.stringify((await query({ 'x-api-key': `${key}x` })).body)).toContain('INVALID_API_KEY');
  } finally {
    await node.close();
  }
});

describe('without the state store', () => {
  let redis: PrivateRedis;
  let app: TestApp;
  beforeAll(async () => {
    redis = await startRedis();
    app = await startApp({ redisUrl: redis.url, controllers: [WorkshopController] });
  });
  afterAll(async () => {
    await app.close();
    await redis.stop();
  });

  it('no key is taken: 503, and a revocation is written all the same', async () => {
    const { userId } = await newPerson(app);
    const { key, id } = await app.get(ApiKeys).create(userId, { name: 'Robot' });
    expect((await app.client().get('/work', header(key))).status).toBe(200);
    await redis.stop();
    for (const path of ['/work', '/maybe']) {
      const answer = await app.client().get(path, header(key));
      expect(codeOf(answer)).toBe('503 STORE_UNAVAILABLE');
    }
    await expect(app.get(ApiKeys).update(userId, id, { paused: true })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await expect(app.get(ApiKeys).revoke(userId, id)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect((await app.get(ApiKeys).list(userId)).items).toEqual([]);
  });
});
