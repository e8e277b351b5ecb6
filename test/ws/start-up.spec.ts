import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SubscribeMessage, WebSocketGateway, type OnGatewayInit } from '@nestjs/websockets';
import type { Socket } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import {
  AccessPolicy,
  Auth,
  AuthModule,
  CurrentPrincipal,
  OptionalAuth,
  Public,
  StartUpError,
  type Principal,
} from '../../lib/index.js';
import { AuthSocketsModule } from '../../lib/ws/index.js';
import { SECRET, User } from '../support/app.js';
import {
  ask,
  browserOf,
  countLookUps,
  endOf,
  freePort,
  newPerson,
  outcomeOf,
  pageHeaders,
  revokeAll,
  socketTo,
  startNode,
  tokensOf,
  within,
} from './kit.js';
import type { HandshakeOptions, Node, NodeSetup } from './kit.js';

const open: { close(): unknown }[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  sockets.splice(0).forEach((socket) => socket.disconnect());
  for (const one of open.splice(0)) await one.close();
});

async function start(setup: NodeSetup): Promise<Node> {
  const node = await startNode(setup);
  open.push(node);
  return node;
}

function socket(node: Node, options?: HandshakeOptions): Socket {
  const made = socketTo(node, options);
  sockets.push(made);
  return made;
}

const answer = (data: unknown) => ({ event: 'answer', data });

describe('gateways that share a server', () => {
  @Public()
  @WebSocketGateway()
  class Open {
    @SubscribeMessage('open') open() {
      return answer('in');
    }
  }
  @WebSocketGateway()
  @Auth({ roles: ['admin'] })
  class Admins {}

  it('ask for the class rules of all of them, whatever their order', async () => {
    for (const gateways of [
      [Open, Admins],
      [Admins, Open],
    ]) {
      const node = await start({ gateways });
      expect(await outcomeOf(socket(node))).toMatchObject({ code: 'NOT_AUTHENTICATED' });
      const headers = pageHeaders(await browserOf(node, await newPerson(node)));
      expect(await outcomeOf(socket(node, { headers }))).toMatchObject({ code: 'FORBIDDEN' });
      const admin = pageHeaders(await browserOf(node, await newPerson(node, ['admin'])));
      expect(await outcomeOf(socket(node, { headers: admin }))).toBe('connected');
    }
  });
});

describe('what opens a handshake', () => {
  it('is @OptionalAuth() on the class, or @Public() on handleConnection', async () => {
    @OptionalAuth()
    @WebSocketGateway({ namespace: 'optional' })
    class Optional {
      @SubscribeMessage('who') who(@CurrentPrincipal() who?: Principal) {
        return answer(who?.userId ?? 'nobody');
      }
    }
    @Auth()
    @WebSocketGateway({ namespace: 'hooked' })
    class Hooked {
      @Public() handleConnection(): void {}
      @SubscribeMessage('who') who() {
        return answer('in');
      }
    }
    const node = await start({ gateways: [Optional, Hooked] });
    const anonymous = socket(node, { namespace: '/optional' });
    expect(await outcomeOf(anonymous)).toBe('connected');
    expect(await ask(anonymous, 'who')).toBe('nobody');
    const wrong = socket(node, { namespace: '/optional', auth: { token: 'x' } });
    expect(await outcomeOf(wrong)).toMatchObject({ code: 'INVALID_ACCESS_TOKEN' });
    const hooked = socket(node, { namespace: '/hooked' });
    expect(await outcomeOf(hooked)).toBe('connected');
    expect(await ask(hooked, 'who')).toMatchObject({ error: { code: 'NOT_AUTHENTICATED' } });
  });

  it("is protect: 'marked' on what carries no mark", async () => {
    @WebSocketGateway({ namespace: 'plain' })
    class Plain {
      @SubscribeMessage('who') who() {
        return answer('in');
      }
    }
    @Auth()
    @WebSocketGateway({ namespace: 'marked' })
    class Marked {}
    const node = await start({ gateways: [Plain, Marked], auth: { protect: 'marked' } });
    expect(await outcomeOf(socket(node, { namespace: '/plain' }))).toBe('connected');
    expect(await outcomeOf(socket(node, { namespace: '/marked' }))).toMatchObject({ code: 'NOT_AUTHENTICATED' });
  });
});

describe('afterInit of a gateway', () => {
  it('is still called, with its server', async () => {
    @Auth()
    @WebSocketGateway()
    class Told implements OnGatewayInit {
      server: unknown;
      afterInit(server: unknown): void {
        this.server = server;
      }
    }
    const node = await start({ gateways: [Told] });
    expect(node.get(Told).server).toHaveProperty('use');
  });
});

describe('what refuses to start', () => {
  @Auth()
  @WebSocketGateway()
  class Plain {}

  it('is a class rule that cannot be, on a gateway without messages', async () => {
    class Unlisted extends AccessPolicy {
      override allows(): boolean {
        return true;
      }
    }
    @Auth({ policy: Unlisted })
    @WebSocketGateway()
    class Wrong {}
    await expect(start({ gateways: [Wrong] })).rejects.toThrow(/Wrong\.handleConnection: "policy" Unlisted/);
  });

  it('is an adapter that nothing is known of', async () => {
    class Foreign extends IoAdapter {
      override create(): never {
        return { on: () => undefined, close: () => undefined } as never;
      }
    }
    const prepare = (app: INestApplication) => void app.useWebSocketAdapter(new Foreign(app));
    const starting = start({ gateways: [Plain], prepare });
    await expect(starting).rejects.toThrow(StartUpError);
    await expect(starting).rejects.toThrow(/Plain: its WebSocket adapter/);
  });

  it('is a recovery of connections that would pass unjudged', async () => {
    @Auth()
    @WebSocketGateway({ connectionStateRecovery: {} })
    class Recovering {}
    await expect(start({ gateways: [Recovering] })).rejects.toThrow(/Recovering: .*skipMiddlewares/);
    @Auth()
    @WebSocketGateway({ namespace: 'x', connectionStateRecovery: {} })
    class InNamespace {}
    await expect(start({ gateways: [InNamespace] })).rejects.toThrow(/InNamespace: .*skipMiddlewares/);
    @Auth()
    @WebSocketGateway({ connectionStateRecovery: { skipMiddlewares: false } })
    class Judged {}
    await start({ gateways: [Judged] });
  });

  it('is nothing where no gateway is connected, as in a script', async () => {
    const values = { secret: SECRET, baseUrl: 'http://127.0.0.1:3000', environment: 'test' } as const;
    const database = {
      type: 'better-sqlite3',
      database: ':memory:',
      autoLoadEntities: true,
      synchronize: true,
    } as const;
    const auth = AuthModule.forRoot<User>({ userEntity: User, ...values });
    const imports = [TypeOrmModule.forRoot(database), auth, AuthSocketsModule];
    const script = await Test.createTestingModule({ imports, providers: [Plain] }).compile();
    await script.init();
    await script.close();
  });
});

describe('a gateway with a port of its own', () => {
  it('is guarded from its first moment', async () => {
    const port = await freePort();
    @Auth()
    @WebSocketGateway(port)
    class Apart {}
    const node = await start({ gateways: [Apart] });
    const there = { ...node, url: `http://127.0.0.1:${port}` };
    expect(await outcomeOf(socket(there))).toMatchObject({ code: 'NOT_AUTHENTICATED' });
    const headers = pageHeaders(await browserOf(node, await newPerson(node)));
    expect(await outcomeOf(socket(there, { headers }))).toBe('connected');
  });
});

describe("a socket with tokens.checking: 'signature'", () => {
  @Auth()
  @WebSocketGateway()
  class Chat {
    @SubscribeMessage('who') who(@CurrentPrincipal() who: Principal) {
      return answer(who.userId);
    }
    @SubscribeMessage('fresh') @Auth({ fresh: true }) fresh() {
      return answer('in');
    }
  }

  it('is looked up at its handshake, and its messages only where HTTP would be', async () => {
    const node = await start({ gateways: [Chat], auth: { tokens: { checking: 'signature' } } });
    const person = await newPerson(node);
    const { access_token: token } = await tokensOf(node, person);
    const client = socket(node, { auth: { token } });
    expect(await outcomeOf(client)).toBe('connected');
    const asked = (event: string, answered: unknown) =>
      countLookUps(node, async () => expect(await ask(client, event)).toBe(answered));
    expect(await asked('who', person.userId)).toBe(0);
    expect(await asked('fresh', 'in')).toBe(1);
    const end = endOf(client);
    await revokeAll(node, person);
    expect((await within(1_000, end)).told).toMatchObject({ code: 'INVALID_ACCESS_TOKEN' });
    expect(await outcomeOf(socket(node, { auth: { token } }))).toMatchObject({ code: 'INVALID_ACCESS_TOKEN' });
  });
});

describe('a session that is revoked while its handshake is judged', () => {
  it('takes the socket with it at once', async () => {
    let judging: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => (judging = resolve));
    let release: () => void = () => undefined;
    const held = new Promise<boolean>((resolve) => (release = () => resolve(true)));
    @Auth({
      policy: () => {
        judging();
        return held;
      },
    })
    @WebSocketGateway()
    class Slow {}
    const node = await start({ gateways: [Slow] });
    const person = await newPerson(node);
    const client = socket(node, { headers: pageHeaders(await browserOf(node, person)) });
    const end = endOf(client);
    await reached;
    await revokeAll(node, person);
    release();
    expect((await within(1_000, end)).told).toMatchObject({ code: 'NOT_AUTHENTICATED' });
  });
});
