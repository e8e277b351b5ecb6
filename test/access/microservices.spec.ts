import type { AddressInfo, Server } from 'node:net';
import { Controller, Module, type ExecutionContext, type INestApplication } from '@nestjs/common';
import {
  ClientProxyFactory,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  TcpContext,
  Transport,
  type ClientProxy,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { firstValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  Accounts,
  Auth,
  AuthModule,
  Clock,
  CurrentPrincipal,
  CurrentUser,
  OptionalAuth,
  PasswordHasher,
  Principal,
  Public,
  Sessions,
  type RpcOptions,
} from '../../lib/index.js';
import { FastPasswordHasher, TestClock } from '../../lib/testing/index.js';
import { PASSWORD, SECRET, startApp, User, type TestApp } from '../support/app.js';

interface Message {
  readonly token?: unknown;
  readonly waitMs?: number;
}

const events: string[] = [];

@Controller()
class Orders {
  @MessagePattern('who') who(@CurrentPrincipal() who: Principal, @Ctx() context: TcpContext) {
    return { who: who.userId, via: who.via, pattern: context.getPattern() };
  }
  @MessagePattern('slow') async slow(@Payload() { waitMs = 0 }: Message, @CurrentPrincipal() who: Principal) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    return who.userId;
  }
  @MessagePattern('user') user(@CurrentUser() user: User) {
    return user.id;
  }
  @MessagePattern('plain') plain() {
    return 'in';
  }
  @MessagePattern('admin') @Auth({ roles: ['admin'] }) admin() {
    return 'in';
  }
  @MessagePattern('fresh') @Auth({ fresh: true }) fresh() {
    return 'in';
  }
  @MessagePattern('open') @Public() open(@CurrentPrincipal() who?: Principal) {
    return who?.userId ?? 'nobody';
  }
  @MessagePattern('maybe') @OptionalAuth() maybe(@CurrentPrincipal() who?: Principal) {
    return who?.userId ?? 'nobody';
  }
  @EventPattern('shipped') shipped(@CurrentPrincipal() who: Principal) {
    events.push(`shipped by ${who.userId}`);
  }
}

const fromData: RpcOptions = {
  accessToken: (context: ExecutionContext) => {
    const { token } = context.switchToRpc().getData<{ token: string }>();
    if (token === 'explode') throw new Error('no token for you');
    return token;
  },
};

const open: { close(): unknown }[] = [];

function clientOf(app: INestApplication): ClientProxy {
  const server = app.getMicroservices()[0]!.unwrap<Server>();
  return clientTo((server.address() as AddressInfo).port);
}

function clientTo(port: number): ClientProxy {
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
  open.push(client);
  return client;
}

function ask(client: ClientProxy, pattern: string, message: unknown = {}): Promise<any> {
  return firstValueFrom(client.send(pattern, message as object)).catch((error: unknown) => ({ error }));
}

function startHybrid({ inheritAppConfig = true, rpc = fromData, clock = new TestClock() } = {}) {
  return startApp({
    clock,
    controllers: [Orders],
    auth: { emailVerification: 'off', ...(rpc === undefined ? {} : { rpc }) },
    prepare: async (app) => {
      app.connectMicroservice(
        { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
        { inheritAppConfig },
      );
      await app.startAllMicroservices();
    },
  });
}

async function newToken(app: TestApp, email: string, roles: string[] = []): Promise<{ userId: string; token: string }> {
  const user = await app.get(Accounts).create({ email, password: PASSWORD });
  if (user === undefined) throw new Error(`${email} is there already`);
  const { id } = user;
  for (const role of roles) await app.get(Accounts).assignRole(id, role);
  const { body } = await app.client().signIn(email, PASSWORD, { deliver: 'tokens' });
  return { userId: id, token: (body as { access_token: string }).access_token };
}

describe('a hybrid application with rpc', () => {
  let app: TestApp;
  let client: ClientProxy;
  let clock: TestClock;
  let ada: { userId: string; token: string };
  let bea: { userId: string; token: string };

  beforeAll(async () => {
    clock = new TestClock();
    app = await startHybrid({ clock });
    client = clientOf(app.app);
    ada = await newToken(app, 'ada@example.com');
    bea = await newToken(app, 'bea@example.com', ['admin']);
  });
  afterAll(async () => {
    open.splice(0).forEach((one) => one.close());
    await app.close();
  });

  it('knows the principal and the user of a message', async () => {
    expect(await ask(client, 'who', ada)).toEqual({ who: ada.userId, via: 'bearer', pattern: 'who' });
    expect(await ask(client, 'user', bea)).toBe(bea.userId);
    expect(await ask(client, 'open', ada)).toBe('nobody');
    expect(await ask(client, 'maybe', ada)).toBe(ada.userId);
    expect(await ask(client, 'maybe')).toBe('nobody');
  });

  it('keeps messages that run at once apart', async () => {
    const senders = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? ada : bea));
    const answers = await Promise.all(
      senders.map(({ token }, index) => ask(client, 'slow', { token, waitMs: (20 - index) * 2 })),
    );
    expect(answers).toEqual(senders.map(({ userId }) => userId));
  });

  it('refuses in the shape of a microservice', async () => {
    expect(await ask(client, 'who')).toEqual({
      error: { code: 'NOT_AUTHENTICATED', message: 'Sign in to continue.', statusCode: 401 },
    });
    for (const token of ['forged', '', `Bearer ${ada.token}`, `${ada.token} `]) {
      expect(await ask(client, 'who', { token })).toMatchObject({ error: { code: 'INVALID_ACCESS_TOKEN' } });
      expect(await ask(client, 'maybe', { token })).toMatchObject({ error: { code: 'INVALID_ACCESS_TOKEN' } });
    }
    expect(await ask(client, 'admin', ada)).toMatchObject({ error: { code: 'FORBIDDEN', statusCode: 403 } });
    expect(await ask(client, 'admin', bea)).toBe('in');
  });

  it.each([[7], [null], [{ token: 'x' }], [['x']], [true]])('takes %j for no credential', async (token) => {
    expect(await ask(client, 'who', { token })).toMatchObject({ error: { code: 'NOT_AUTHENTICATED' } });
    expect(await ask(client, 'maybe', { token })).toBe('nobody');
  });

  it('takes an extractor that throws for no credential', async () => {
    expect(await ask(client, 'who', { token: 'explode' })).toMatchObject({ error: { code: 'NOT_AUTHENTICATED' } });
    expect(await ask(client, 'maybe', { token: 'explode' })).toBe('nobody');
  });

  it('reads no cookie and no header that a message pretends to have', async () => {
    const browser = app.client();
    await browser.signIn('ada@example.com');
    const cookie = browser.cookieHeader();
    const disguised = {
      headers: { cookie, authorization: `Bearer ${ada.token}` },
      cookie,
      request: { headers: { cookie } },
    };
    expect(await ask(client, 'who', disguised)).toMatchObject({ error: { code: 'NOT_AUTHENTICATED' } });
  });

  it('drops an event that is refused, and goes on', async () => {
    client.emit('shipped', {});
    client.emit('shipped', { token: 'x' });
    client.emit('shipped', bea);
    await expect.poll(() => events).toEqual([`shipped by ${bea.userId}`]);
    expect(await ask(client, 'open')).toBe('nobody');
  });

  it('sees a lost role, a revoked session and an expired token on the next message', async () => {
    const eve = await newToken(app, 'eve@example.com', ['admin']);
    expect(await ask(client, 'admin', eve)).toBe('in');
    await app.get(Accounts).removeRole(eve.userId, 'admin');
    expect(await ask(client, 'admin', eve)).toMatchObject({ error: { code: 'FORBIDDEN' } });
    await app.get(Sessions).revokeAll(eve.userId);
    expect(await ask(client, 'who', eve)).toMatchObject({ error: { code: 'INVALID_ACCESS_TOKEN' } });
    clock.advance(6 * 60_000);
    const details = { methods: ['password', 'emailCode'] };
    expect(await ask(client, 'fresh', ada)).toMatchObject({ error: { code: 'REAUTHENTICATION_REQUIRED', details } });
    clock.advance(60 * 60_000);
    expect(await ask(client, 'who', ada)).toMatchObject({ error: { code: 'INVALID_ACCESS_TOKEN' } });
  });
});

describe('a hybrid application without inheritAppConfig', () => {
  it('answers no message that is not @Public(), since no guard of the application runs there', async () => {
    const app = await startHybrid({ inheritAppConfig: false });
    const client = clientOf(app.app);
    const { token } = await newToken(app, 'ada@example.com');
    for (const pattern of ['plain', 'who', 'admin', 'maybe']) {
      expect(await ask(client, pattern, { token })).toMatchObject({ error: { message: 'Internal server error' } });
    }
    expect(await ask(client, 'open')).toBe('nobody');
    client.close();
    await app.close();
  });
});

describe('an application without rpc', () => {
  it('refuses to start with a guarded microservice handler', async () => {
    @Controller()
    class Hidden {
      @MessagePattern('x') x() {}
    }
    const auth = { emailVerification: 'off' } as const;
    await expect(startApp({ controllers: [Hidden], auth })).rejects.toThrow(/Hidden\.x: .*rpc: \{ accessToken \}/);
  });

  it('refuses to start with one that no bearer token could meet', async () => {
    @Controller()
    class Closed {
      @MessagePattern('x') @Auth({ via: 'session' }) x() {}
    }
    const auth = { emailVerification: 'off', rpc: fromData } as const;
    await expect(startApp({ controllers: [Closed], auth })).rejects.toThrow(/Closed\.x: .*"via"/);
  });
});

describe('an application that is a microservice alone', () => {
  const running: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of running.splice(0)) await one.close();
  });

  it('is guarded just the same', async () => {
    const auth = { userEntity: User, secret: SECRET, baseUrl: 'http://127.0.0.1:3000', environment: 'test' } as const;
    const database = {
      type: 'better-sqlite3',
      database: ':memory:',
      autoLoadEntities: true,
      synchronize: true,
    } as const;
    const AUTH = AuthModule.forRoot<User>({ ...auth, emailVerification: 'off', rpc: fromData });
    @Module({ imports: [TypeOrmModule.forRoot(database), AUTH], controllers: [Orders] })
    class Host {}
    const moduleRef = await Test.createTestingModule({ imports: [Host] })
      .overrideProvider(PasswordHasher)
      .useClass(FastPasswordHasher)
      .overrideProvider(Clock)
      .useValue(new TestClock())
      .compile();
    const options = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } } as const;
    const app = moduleRef.createNestMicroservice({ ...options, logger: false });
    await app.listen();
    running.push(app);
    const client = clientTo((app.unwrap<Server>().address() as AddressInfo).port);
    running.push(client);
    expect(await ask(client, 'who')).toMatchObject({ error: { code: 'NOT_AUTHENTICATED', statusCode: 401 } });
    expect(await ask(client, 'who', { token: 'x' })).toMatchObject({ error: { code: 'INVALID_ACCESS_TOKEN' } });
    expect(await ask(client, 'open')).toBe('nobody');
  });
});
