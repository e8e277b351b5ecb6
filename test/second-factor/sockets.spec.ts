import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, ApiKeys, Auth, OptionalAuth } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { SocketSessions } from '../../lib/ws/index.js';
import {
  ask,
  browserOf,
  endOf,
  newPerson,
  outcomeOf,
  pageHeaders,
  socketTo,
  startNode,
  tokensOf,
  within,
  type HandshakeOptions,
  type Node,
} from '../ws/kit.js';
import { bearer, begin, enrol, finish } from './kit.js';

@WebSocketGateway()
@Auth()
class PlainGateway {
  constructor(private readonly sessions: SocketSessions) {}

  @SubscribeMessage('who')
  who() {
    return { event: 'answer', data: 'in' };
  }

  @SubscribeMessage('safe')
  @Auth({ methods: ['otp'] })
  safe() {
    return { event: 'answer', data: 'in' };
  }

  @SubscribeMessage('authenticate')
  async authenticate(@ConnectedSocket() socket: object, @MessageBody() token: string) {
    await this.sessions.authenticate(socket, token);
    return { event: 'answer', data: 'known' };
  }
}

@WebSocketGateway({ namespace: 'safe' })
@Auth({ methods: ['otp'] })
class SafeGateway {
  constructor(private readonly sessions: SocketSessions) {}

  @SubscribeMessage('who')
  who() {
    return { event: 'answer', data: 'in' };
  }

  @SubscribeMessage('authenticate')
  async authenticate(@ConnectedSocket() socket: object, @MessageBody() token: string) {
    await this.sessions.authenticate(socket, token);
    return { event: 'answer', data: 'known' };
  }
}

@WebSocketGateway({ namespace: 'maybe' })
@OptionalAuth()
class MaybeGateway {
  @SubscribeMessage('who')
  who() {
    return { event: 'answer', data: 'in' };
  }
}

describe('a second factor and sockets', () => {
  const clock = new TestClock();
  const sockets: Socket[] = [];
  let node: Node;
  beforeAll(async () => {
    node = await startNode({
      gateways: [PlainGateway, SafeGateway, MaybeGateway],
      clock,
      auth: { secondFactor: { roles: ['admin'] }, rateLimits: { multiplier: 1_000 } },
    });
  });
  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await node.close();
  });

  function open(options: HandshakeOptions): Socket {
    const socket = socketTo(node, options);
    sockets.push(socket);
    return socket;
  }
  const code = (name: string) => expect.objectContaining({ code: name, statusCode: 403 }) as unknown;

  it('is asked for by the rule of a gateway, at the handshake, at messages and of a new token', async () => {
    const person = await newPerson(node);
    const browser = await browserOf(node, person);
    const headers = () => pageHeaders(browser);
    expect(await outcomeOf(open({ headers: headers(), namespace: '/safe' }))).toEqual(code('ENROLMENT_REQUIRED'));
    const plain = open({ headers: headers() });
    expect(await outcomeOf(plain)).toBe('connected');
    expect(await ask(plain, 'safe', {})).toMatchObject({ error: { code: 'ENROLMENT_REQUIRED' } });
    const { authenticator, confirmed } = await enrol(clock, browser);
    expect(await outcomeOf(open({ headers: headers(), namespace: '/safe' }))).toBe('connected');
    const recovery = node.client();
    const challenge = await begin(recovery, person.email, { deliver: 'tokens' });
    const less = await finish(recovery, challenge, { recoveryCode: confirmed.body.recoveryCodes[0] });
    const refused = await outcomeOf(open({ auth: { token: less.body.access_token }, namespace: '/safe' }));
    expect(refused).toMatchObject({ code: 'SECOND_FACTOR_REQUIRED', details: { methods: ['code'] } });
    const again = await begin(recovery, person.email, { deliver: 'tokens' });
    const full = await finish(recovery, again, { code: authenticator.next() });
    const safe = open({ auth: { token: full.body.access_token }, namespace: '/safe' });
    expect(await outcomeOf(safe)).toBe('connected');
    expect(await ask(safe, 'who', {})).toBe('in');
    expect(await ask(safe, 'authenticate', less.body.access_token)).toMatchObject({
      error: { code: 'SECOND_FACTOR_REQUIRED' },
    });
    const stepped = await node
      .client()
      .post('/auth/reauthenticate', { code: authenticator.next() }, { headers: bearer(less) });
    expect(await ask(safe, 'authenticate', stepped.body.access_token)).toBe('known');
  });

  it('that a role calls for closes what an API key opened', async () => {
    const { userId } = await newPerson(node);
    const { key } = await node.get(ApiKeys).create(userId, { name: 'Robot' });
    const socket = open({ headers: { 'x-api-key': key } });
    expect(await outcomeOf(socket)).toBe('connected');
    const ended = within(3_000, endOf(socket));
    await node.get(Accounts).assignRole(userId, 'admin');
    expect((await ended).told).toMatchObject({ code: 'INVALID_API_KEY' });
    expect(await outcomeOf(open({ headers: { 'x-api-key': key } }))).toEqual(code('ENROLMENT_REQUIRED'));
  });

  it('that a role calls for closes what is open, and opens nothing until it is there', async () => {
    const person = await newPerson(node);
    const browser = await browserOf(node, person);
    const { access_token: token } = await tokensOf(node, person);
    const open_ = [
      open({ headers: pageHeaders(browser) }),
      open({ auth: { token } }),
      open({ auth: { token }, namespace: '/maybe' }),
    ];
    for (const socket of open_) expect(await outcomeOf(socket)).toBe('connected');
    const ends = open_.map((socket) => endOf(socket));
    await node.get(Accounts).assignRole(person.userId, 'admin');
    for (const end of ends) expect((await within(3_000, end)).told).toEqual(code('ENROLMENT_REQUIRED'));
    for (const namespace of ['/', '/maybe']) {
      expect(await outcomeOf(open({ headers: pageHeaders(browser), namespace }))).toEqual(code('ENROLMENT_REQUIRED'));
    }
    expect(await outcomeOf(open({ namespace: '/maybe' }))).toBe('connected');
    await enrol(clock, browser);
    expect(await outcomeOf(open({ headers: pageHeaders(browser) }))).toBe('connected');
  });
});
