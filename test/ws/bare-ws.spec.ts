import { SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Auth, CurrentPrincipal, Principal, Public } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { Seen } from './gateways.js';
import {
  bareSocketTo,
  browserOf,
  newPerson,
  pageHeaders,
  revokeAll,
  startNode,
  tokensOf,
  within,
  type BareSocket,
  type Node,
} from './kit.js';

@Auth()
@WebSocketGateway({ path: '/chat' })
class ChatGateway implements OnGatewayConnection {
  constructor(private readonly seen: Seen) {}

  handleConnection(): void {
    this.seen.events.push('connection');
  }

  @SubscribeMessage('who') who(@CurrentPrincipal() who: Principal) {
    this.seen.events.push('who');
    return { event: 'answer', data: { who: who.userId, via: who.via } };
  }

  @SubscribeMessage('open') @Public() open() {
    this.seen.events.push('open');
    return { event: 'answer', data: 'in' };
  }
}

@Public()
@WebSocketGateway({ path: '/open' })
class OpenGateway {
  @SubscribeMessage('open') open() {
    return { event: 'answer', data: 'in' };
  }
}

/** A policy takes its time, as an application's own look-up does. */
@Auth({ policy: () => new Promise((resolve) => setTimeout(() => resolve(true), 100)) })
@WebSocketGateway({ path: '/slow' })
class SlowGateway {
  @SubscribeMessage('open') @Public() open() {
    return { event: 'answer', data: 'in' };
  }
}

let node: Node;
let clock: TestClock;
let seen: string[];
const sockets: BareSocket[] = [];

beforeAll(async () => {
  clock = new TestClock();
  node = await startNode({
    clock,
    platform: 'ws',
    gateways: [ChatGateway, OpenGateway, SlowGateway],
    providers: [Seen],
    auth: { rateLimits: { multiplier: 1_000 } },
  });
  seen = node.get(Seen).events;
});
afterAll(() => node.close());
beforeEach(() => (seen.length = 0));
afterEach(() => sockets.splice(0).forEach(({ socket }) => socket.terminate()));

async function open(headers: Record<string, string>, { path = '/chat', atOnce = [] as string[] } = {}) {
  const socket = await bareSocketTo(node, { headers, path, atOnce });
  sockets.push(socket);
  return socket;
}

describe('the handshake of a gateway on bare ws', () => {
  it('is refused with 4401 and 4403, and the application hears nothing', async () => {
    const person = await newPerson(node);
    const foreign = pageHeaders(await browserOf(node, person), 'https://evil.example');
    const atOnce = ['who', 'open', 'open'];
    for (const [headers, code, reason] of [
      [{}, 4401, 'NOT_AUTHENTICATED'],
      [{ authorization: 'Bearer x' }, 4401, 'INVALID_ACCESS_TOKEN'],
      [foreign, 4403, 'CSRF_FAILED'],
      [{ authorization: 'Bearer x', 'x-api-key': 'y' }, 4400, 'MALFORMED_REQUEST'],
    ] as const) {
      const { closed } = await open({ ...headers }, { atOnce });
      expect(await within(2_000, closed)).toEqual({ code, reason });
    }
    expect(seen).toEqual([]);
  });

  it('knows a cookie and a header, and loses nothing that was sent at once', async () => {
    const person = await newPerson(node);
    const page = await open(pageHeaders(await browserOf(node, person)), { atOnce: ['open', 'who'] });
    expect(await page.ask('who')).toEqual({ event: 'answer', data: 'in' });
    const { access_token: token } = await tokensOf(node, person);
    const service = await open({ authorization: `Bearer ${token}` });
    expect(await service.ask('who')).toEqual({ event: 'answer', data: { who: person.userId, via: 'bearer' } });
    expect(seen.slice(0, 3)).toEqual(['connection', 'open', 'who']);
  });

  it('keeps what is sent while a policy is still asked', async () => {
    const headers = pageHeaders(await browserOf(node, await newPerson(node)));
    const { socket } = await open(headers, { path: '/slow', atOnce: ['open'] });
    const answer = new Promise((resolve) =>
      socket.once('message', (text: Buffer) => resolve(JSON.parse(String(text)))),
    );
    expect(await within(2_000, answer)).toEqual({ event: 'answer', data: 'in' });
  });

  it('leaves an open gateway open', async () => {
    const socket = await open({}, { path: '/open' });
    expect(await socket.ask('open')).toEqual({ event: 'answer', data: 'in' });
  });
});

describe('a bare socket that is open', () => {
  it('is closed with 4401 when its session is revoked: all 30 of them', async () => {
    const person = await newPerson(node);
    const headers = pageHeaders(await browserOf(node, person));
    const mine = await Promise.all(Array.from({ length: 30 }, () => open(headers)));
    await Promise.all(mine.map((socket) => socket.ask('open')));
    await revokeAll(node, person);
    for (const end of await within(2_000, Promise.all(mine.map(({ closed }) => closed)))) {
      expect(end).toEqual({ code: 4401, reason: 'NOT_AUTHENTICATED' });
    }
  });

  it('is closed with 4401 when its token expires', async () => {
    const { access_token: token } = await tokensOf(node, await newPerson(node));
    const socket = await open({ authorization: `Bearer ${token}` });
    expect(await socket.ask('open')).toBeDefined();
    clock.advance(61 * 60_000);
    await node.look();
    expect(await within(2_000, socket.closed)).toEqual({ code: 4401, reason: 'INVALID_ACCESS_TOKEN' });
  });
});
