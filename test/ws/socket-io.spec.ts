import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Socket } from 'socket.io-client';
import { Accounts } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import {
  AdminGateway,
  ChatGateway,
  MixedGateway,
  OpenGateway,
  Seen,
  SilentGateway,
  StrictGateway,
} from './gateways.js';
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

const NOT_AUTHENTICATED = { code: 'NOT_AUTHENTICATED', message: 'Sign in to continue.', statusCode: 401 };
const INVALID_ACCESS_TOKEN = { code: 'INVALID_ACCESS_TOKEN', statusCode: 401 };

let node: Node;
let clock: TestClock;
let seen: string[];
const sockets: Socket[] = [];

beforeAll(async () => {
  clock = new TestClock();
  node = await startNode({
    clock,
    gateways: [ChatGateway, AdminGateway, OpenGateway, MixedGateway, SilentGateway, StrictGateway],
    providers: [Seen],
    auth: { rateLimits: { multiplier: 1_000 } },
  });
  seen = node.get(Seen).events;
});
afterAll(() => node.close());
beforeEach(() => (seen.length = 0));
afterEach(() => sockets.splice(0).forEach((socket) => socket.disconnect()));

function open(options: HandshakeOptions = {}): Socket {
  const socket = socketTo(node, options);
  sockets.push(socket);
  return socket;
}

async function connected(options: HandshakeOptions): Promise<Socket> {
  const socket = open(options);
  expect(await outcomeOf(socket)).toBe('connected');
  return socket;
}

describe('the handshake of a guarded gateway', () => {
  it('refuses whoever is not signed in, and the application hears nothing of him', async () => {
    const socket = open();
    socket.emit('open', {});
    expect(await outcomeOf(socket)).toEqual(NOT_AUTHENTICATED);
    expect(await outcomeOf(open({ namespace: '/admin' }))).toEqual(NOT_AUTHENTICATED);
    expect(await outcomeOf(open({ namespace: '/silent' }))).toEqual(NOT_AUTHENTICATED);
    expect(seen).toEqual([]);
  });

  it('knows a session cookie, a header and auth.token', async () => {
    const person = await newPerson(node);
    const page = await connected({ headers: pageHeaders(await browserOf(node, person)) });
    expect(await ask(page, 'who')).toEqual({ who: person.userId, via: 'session', roles: [] });
    const { access_token: token } = await tokensOf(node, person);
    const service = await connected({ headers: { authorization: `Bearer ${token}` } });
    expect(await ask(service, 'who')).toMatchObject({ who: person.userId, via: 'bearer' });
    const script = await connected({ auth: { token } });
    expect(await ask(script, 'who')).toMatchObject({ who: person.userId, via: 'bearer' });
    expect(seen.filter((event) => event === `connection of ${person.userId}`)).toHaveLength(3);
  });

  it('reads no token in the query', async () => {
    const { access_token: token } = await tokensOf(node, await newPerson(node));
    expect(await outcomeOf(open({ namespace: `/?token=${token}&access_token=${token}` }))).toEqual(NOT_AUTHENTICATED);
  });

  it('refuses a cookie that comes from another site', async () => {
    const browser = await browserOf(node, await newPerson(node));
    for (const origin of ['https://evil.example', 'null']) {
      const headers = pageHeaders(browser, origin);
      expect(await outcomeOf(open({ headers }))).toMatchObject({ code: 'CSRF_FAILED', statusCode: 403 });
    }
    expect(seen).toEqual([]);
  });

  it.each([['forged'], [''], [7], [{}], [['a']], [true]])('lets auth.token %j decide alone', async (token) => {
    const headers = pageHeaders(await browserOf(node, await newPerson(node)));
    expect(await outcomeOf(open({ headers, auth: { token } }))).toMatchObject(INVALID_ACCESS_TOKEN);
    expect(await outcomeOf(open({ headers, auth: { token }, namespace: '/mixed' }))).toMatchObject(
      INVALID_ACCESS_TOKEN,
    );
    expect(seen).toEqual([]);
  });

  it('takes a token that is not there for none', async () => {
    const headers = pageHeaders(await browserOf(node, await newPerson(node)));
    expect(await outcomeOf(open({ headers, auth: { token: null } }))).toBe('connected');
  });

  it('asks what stands on the class, policies and freshness included', async () => {
    const plain = await newPerson(node);
    const admin = await newPerson(node, ['admin']);
    const strict = '/strict';
    for (const [person, namespace, outcome] of [
      [plain, '/admin', expect.objectContaining({ code: 'FORBIDDEN', statusCode: 403 })],
      [admin, '/admin', 'connected'],
      [plain, strict, 'connected'],
    ] as const) {
      expect(await outcomeOf(open({ headers: pageHeaders(await browserOf(node, person)), namespace }))).toEqual(
        outcome,
      );
    }
    const headers = pageHeaders(await browserOf(node, plain));
    clock.advance(6 * 60_000);
    expect(await outcomeOf(open({ headers, namespace: strict }))).toMatchObject({
      code: 'REAUTHENTICATION_REQUIRED',
      details: { methods: ['password', 'emailCode'] },
    });
    expect(seen).toEqual(['connection to admin']);
  });

  it('refuses a session that has ended, and a token that has expired', async () => {
    const person = await newPerson(node);
    const headers = pageHeaders(await browserOf(node, person));
    const { access_token: token } = await tokensOf(node, person);
    clock.advance(61 * 60_000);
    expect(await outcomeOf(open({ auth: { token } }))).toMatchObject(INVALID_ACCESS_TOKEN);
    await revokeAll(node, person);
    expect(await outcomeOf(open({ headers }))).toEqual(NOT_AUTHENTICATED);
  });
});

describe('the handshake of an open gateway', () => {
  it('refuses nobody, and its guarded messages are judged all the same', async () => {
    const browser = await browserOf(node, await newPerson(node));
    for (const headers of [{}, pageHeaders(browser, 'https://evil.example'), { authorization: 'Bearer x' }]) {
      const socket = await connected({ headers, namespace: '/open' });
      expect(await ask(socket, 'open')).toBe('in');
      expect(await ask(socket, 'who')).toHaveProperty('error.code');
    }
  });

  it('lets anonymous clients in where a message is open and the class says nothing', async () => {
    const socket = await connected({ namespace: '/mixed' });
    expect(await ask(socket, 'open')).toBe('in');
    expect(await ask(socket, 'who')).toEqual({ error: NOT_AUTHENTICATED });
  });

  it('still disconnects whom it knew when the session ends', async () => {
    const person = await newPerson(node);
    const headers = pageHeaders(await browserOf(node, person));
    const ends = [];
    for (const namespace of ['/open', '/mixed']) ends.push(endOf(await connected({ headers, namespace })));
    await revokeAll(node, person);
    for (const end of await within(1_000, Promise.all(ends))) expect(end.told).toEqual(NOT_AUTHENTICATED);
  });
});

describe('a socket that is open', () => {
  it('is disconnected at once when its session is revoked: all 30 of them', async () => {
    const person = await newPerson(node);
    const headers = pageHeaders(await browserOf(node, person));
    const stranger = await connected({ headers: pageHeaders(await browserOf(node, await newPerson(node))) });
    const mine = await Promise.all(Array.from({ length: 30 }, () => connected({ headers })));
    const ends = mine.map(endOf);
    await revokeAll(node, person);
    for (const { reason, told } of await within(1_000, Promise.all(ends))) {
      expect({ reason, told }).toEqual({ reason: 'io server disconnect', told: NOT_AUTHENTICATED });
    }
    expect(stranger.connected).toBe(true);
  });

  it.each([
    ['a sign-out', (email: string) => email],
    ['a disabled account', async (_: string, userId: string) => node.get(Accounts).disable(userId)],
    ['a deleted account', async (_: string, userId: string) => node.get(Accounts).delete(userId)],
    [
      'a new password',
      async (_: string, userId: string) => node.get(Accounts).setPassword(userId, 'seven hinges, a bell'),
    ],
  ])('is disconnected by %s', async (what, change) => {
    const person = await newPerson(node);
    const browser = await browserOf(node, person);
    const end = endOf(await connected({ headers: pageHeaders(browser) }));
    if (what === 'a sign-out') await browser.post('/auth/logout');
    else await change(person.email, person.userId);
    expect((await within(1_000, end)).told).toEqual(NOT_AUTHENTICATED);
  });

  it('loses what a role gave on the next message, and the gateway that asks for the role at once', async () => {
    const person = await newPerson(node, ['admin']);
    const headers = pageHeaders(await browserOf(node, person));
    const chat = await connected({ headers });
    const end = endOf(await connected({ headers, namespace: '/admin' }));
    expect(await ask(chat, 'admin')).toBe('in');
    await node.get(Accounts).removeRole(person.userId, 'admin');
    expect(await ask(chat, 'admin')).toMatchObject({ error: { code: 'FORBIDDEN', statusCode: 403 } });
    expect((await within(1_000, end)).told).toMatchObject({ code: 'FORBIDDEN', statusCode: 403 });
    expect(chat.connected).toBe(true);
  });

  it('ends with its access token', async () => {
    const { access_token: token } = await tokensOf(node, await newPerson(node));
    const socket = await connected({ auth: { token } });
    clock.advance(61 * 60_000);
    expect(await ask(socket, 'who')).toMatchObject({ error: INVALID_ACCESS_TOKEN });
    const end = endOf(socket);
    await node.look();
    expect((await within(1_000, end)).told).toMatchObject(INVALID_ACCESS_TOKEN);
  });

  it('ends with the absolute life of its session', async () => {
    const person = await newPerson(node);
    const socket = await connected({ headers: pageHeaders(await browserOf(node, person)) });
    const end = endOf(socket);
    clock.advance(40 * 24 * 60 * 60_000);
    await node.look();
    expect((await within(1_000, end)).told).toEqual(NOT_AUTHENTICATED);
  });
});

describe('a socket whose session is short', () => {
  it('ends when nothing is said over it, since being open is no activity, and lives while messages come', async () => {
    const time = new TestClock();
    const short = await startNode({
      clock: time,
      gateways: [ChatGateway],
      providers: [Seen],
      auth: { sessions: { idle: '15m' } },
    });
    const opened: Socket[] = [];
    for (const person of [await newPerson(short), await newPerson(short)]) {
      const socket = socketTo(short, { headers: pageHeaders(await browserOf(short, person)) });
      sockets.push(socket);
      opened.push(socket);
      expect(await outcomeOf(socket)).toBe('connected');
    }
    const [quiet, busy] = opened as [Socket, Socket];
    const end = endOf(quiet);
    for (let minutes = 0; minutes < 20; minutes += 2) {
      time.advance(2 * 60_000);
      await short.look();
      expect(await ask(busy, 'who')).toHaveProperty('who');
    }
    expect((await within(1_000, end)).told).toEqual(NOT_AUTHENTICATED);
    expect(busy.connected).toBe(true);
    await short.close();
  });
});

describe('a new access token on a living socket', () => {
  it('takes the place of the old one, for messages and for the end', async () => {
    const person = await newPerson(node);
    const first = await tokensOf(node, person);
    const socket = await connected({ auth: { token: first.access_token } });
    clock.advance(8 * 60_000);
    const { body: second } = await node.client().post('/auth/token/refresh', { refresh_token: first.refresh_token });
    expect(await ask(socket, 'authenticate', second.access_token)).toEqual({ who: person.userId });
    clock.advance(8 * 60_000);
    await node.look();
    expect(await ask(socket, 'who')).toMatchObject({ who: person.userId });
    const end = endOf(socket);
    await revokeAll(node, person);
    expect((await within(1_000, end)).told).toMatchObject(INVALID_ACCESS_TOKEN);
  });

  it('is forgotten when its client has left meanwhile', async () => {
    const { access_token: token } = await tokensOf(node, await newPerson(node));
    const socket = await connected({ auth: { token } });
    socket.emit('authenticate', token);
    socket.disconnect();
    await expect.poll(() => lookUps(node), { interval: 20 }).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await lookUps(node)).toBe(0);
  });

  it('is refused when it is wrong or of somebody else, and changes nothing then', async () => {
    const [person, other] = [await newPerson(node), await newPerson(node)];
    const socket = await connected({ auth: { token: (await tokensOf(node, person)).access_token } });
    for (const token of ['x', '', undefined, 7, { a: 1 }]) {
      expect(await ask(socket, 'authenticate', token)).toMatchObject({ error: INVALID_ACCESS_TOKEN });
    }
    const foreign = await ask(socket, 'authenticate', (await tokensOf(node, other)).access_token);
    expect(foreign).toMatchObject({ error: { code: 'FORBIDDEN' } });
    expect(await ask(socket, 'who')).toMatchObject({ who: person.userId });
  });
});
