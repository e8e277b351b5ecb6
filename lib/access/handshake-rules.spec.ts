import { Controller, Module, type Type } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, it } from 'vitest';
import type { AuthStructure } from '../options/auth-options.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { Auth, DuringEnrolment, OptionalAuth, Public } from './auth.decorators.js';
import { AuthSeal } from './auth-seal.js';
import { HandshakeRules } from './handshake-rules.js';
import { RouteRules } from './route-rules.js';
import { RpcSeals } from './rpc-seals.js';

@WebSocketGateway()
@Auth({ roles: ['a'] })
class Closed {
  @SubscribeMessage('x') x(): void {}
}
@WebSocketGateway()
@OptionalAuth()
class Half {
  @SubscribeMessage('x') x(): void {}
}
@WebSocketGateway()
class Silent {
  @SubscribeMessage('x') x(): void {}
}
@WebSocketGateway()
class Mixed {
  @SubscribeMessage('x') x(): void {}
  @SubscribeMessage('y') @Public() y(): void {}
}
@WebSocketGateway()
@Public()
class Open {
  @SubscribeMessage('x') x(): void {}
}
@WebSocketGateway()
@Public()
class OpenBut {
  @SubscribeMessage('x') @Auth() x(): void {}
}
@WebSocketGateway()
@Auth()
class Hooked {
  @Public() handleConnection(): void {}
  @SubscribeMessage('x') x(): void {}
}
@WebSocketGateway()
class Enrolling {
  @SubscribeMessage('x') @DuringEnrolment() x(): void {}
}
@Auth({ via: 'session' })
class Base {}
@WebSocketGateway()
@Auth({ via: 'bearer' })
class Wrong extends Base {
  @SubscribeMessage('x') x(): void {}
}

async function rulesOf(gateways: readonly Type[], structure: Partial<AuthStructure> = {}, listed = gateways) {
  @Module({ providers: [...listed] })
  class Host {}
  const providers = [HandshakeRules, RouteRules, { provide: AUTH_STRUCTURE, useValue: structure }];
  const moduleRef = await Test.createTestingModule({ imports: [Host], providers }).compile();
  return moduleRef.get(HandshakeRules);
}
const of = async (gateways: readonly Type[], structure: Partial<AuthStructure> = {}) =>
  (await rulesOf(gateways, structure)).ofGateways(gateways);

describe('what opening a socket asks for', () => {
  it.each<[Type, string, number]>([
    [Closed, 'required', 1],
    [Half, 'optional', 0],
    [Silent, 'required', 1],
    [Mixed, 'optional', 0],
    [Open, 'open', 0],
    [OpenBut, 'known', 0],
    [Hooked, 'known', 0],
  ])('stands on the class, or is what all its messages ask: %o', async (gateway, mode, parts) => {
    const rule = await of([gateway]);
    expect(rule).toMatchObject({ mode, duringEnrolment: false, problems: [] });
    expect(rule.parts).toHaveLength(parts);
  });

  it('is only to know whom to disconnect where routes are open unless they are marked', async () => {
    expect(await of([Silent], { protect: 'marked' })).toMatchObject({ mode: 'open' });
    expect(await of([Closed], { protect: 'marked' })).toMatchObject({ mode: 'required' });
  });

  it('is what the strictest of several gateways asks, each rule with its own', async () => {
    const rule = await of([Open, Half, OpenBut, Closed]);
    expect(rule.mode).toBe('required');
    expect(rule.parts).toEqual([{ gateway: Closed, rule: expect.objectContaining({ roles: [['a']] }) }]);
    expect((await of([Open, OpenBut, Half])).mode).toBe('optional');
    expect((await of([Open, OpenBut])).mode).toBe('known');
    expect((await of([])).mode).toBe('open');
  });

  it('is open during enrolment where one of its messages is', async () => {
    expect((await of([Silent, Enrolling])).duringEnrolment).toBe(true);
    const rules = await rulesOf([Silent], {}, [Silent, Enrolling]);
    expect(rules.ofGateways([Silent]).duringEnrolment).toBe(false);
  });

  it('says what is wrong with it', async () => {
    const rules = await rulesOf([Wrong], {}, []);
    expect(rules.ofGateways([Wrong]).problems).toEqual([
      'Wrong.handleConnection: its "via" and that of its class leave no credential.',
    ]);
  });
});

describe('what a connection of graphql-ws asks for', () => {
  class Notes {
    mine(): void {}
    all(): void {}
  }
  const resolver = (name: 'mine' | 'all', decorator?: MethodDecorator) => {
    class Resolver extends Notes {}
    const method = function (): void {};
    Object.defineProperty(Resolver.prototype, name, { value: method, writable: true, configurable: true });
    Reflect.defineMetadata('graphql:resolver_type', 'Query', method);
    decorator?.(Resolver.prototype, name, { value: method });
    return Resolver as Type;
  };

  it('is what all resolvers ask', async () => {
    const graphql = async (...types: Type[]) => (await rulesOf(types)).ofGraphql();
    expect(await graphql(resolver('mine'))).toEqual({ mode: 'required', parts: [], duringEnrolment: false });
    expect((await graphql(resolver('mine'), resolver('all', Public()))).mode).toBe('optional');
    expect((await graphql(resolver('mine', DuringEnrolment()))).duringEnrolment).toBe(true);
  });
});

describe('handlers of microservices', () => {
  @Controller()
  class Mail {
    @MessagePattern('silent') silent(): void {}
    @MessagePattern('open') @Public() open(): void {}
    @MessagePattern('marked') @Auth() marked(): void {}
    @MessagePattern('half') @OptionalAuth() half(): void {}
    plain(): void {}
  }
  const seals = (name: keyof Mail): number =>
    ((Reflect.getMetadata('__guards__', Mail.prototype[name]) ?? []) as unknown[]).filter(
      (guard) => guard instanceof AuthSeal,
    ).length;

  it('that say nothing are sealed, once, unless nothing is asked of what says nothing', async () => {
    const start = async (structure: Partial<AuthStructure>) => {
      @Module({ controllers: [Mail] })
      class Host {}
      const providers = [RpcSeals, { provide: AUTH_STRUCTURE, useValue: structure }];
      await Test.createTestingModule({ imports: [Host], providers }).compile();
    };
    await start({ protect: 'marked' });
    expect(seals('silent')).toBe(0);
    await start({});
    await start({});
    expect((['silent', 'open', 'marked', 'half', 'plain'] as const).map(seals)).toEqual([1, 0, 1, 1, 0]);
  });
});
