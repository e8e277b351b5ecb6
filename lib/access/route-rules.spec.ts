import {
  Controller,
  Get,
  Injectable,
  Module,
  Scope,
  SetMetadata,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { StartUpError } from '../errors/start-up-error.js';
import type { AuthStructure } from '../options/auth-options.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { AccessPolicy } from './access-policy.js';
import { Auth, OptionalAuth, Public } from './auth.decorators.js';
import type { CompiledRule } from './compiled-rule.js';
import { RouteRules } from './route-rules.js';

@Injectable()
class Policy extends AccessPolicy {
  override allows(): boolean {
    return true;
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedPolicy extends Policy {}

class UnlistedPolicy extends Policy {}

class NoPolicy {}

async function rulesOf(controllers: Type[], structure: Partial<AuthStructure> = {}): Promise<RouteRules> {
  @Module({ controllers, providers: [Policy, ScopedPolicy] })
  class Host {}
  @Module({ imports: [Host], providers: [RouteRules, { provide: AUTH_STRUCTURE, useValue: structure }] })
  class Root {}
  const moduleRef = await Test.createTestingModule({ imports: [Root] }).compile();
  return moduleRef.get(RouteRules);
}

async function ruleOf(
  controller: Type,
  handler: string,
  structure: Partial<AuthStructure> = {},
): Promise<CompiledRule> {
  const entries = (await rulesOf([controller], structure)).entries();
  return entries.find((entry) => entry.controller === controller && entry.handler === handler)!.rule;
}

async function problemsOf(controllers: Type[], structure: Partial<AuthStructure> = {}): Promise<readonly string[]> {
  const rules = await rulesOf(controllers, structure);
  try {
    rules.onModuleInit();
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(StartUpError);
    return (error as StartUpError).problems;
  }
}

function contextOf(type: Type, handler: unknown): ExecutionContext {
  return { getClass: () => type, getHandler: () => handler } as ExecutionContext;
}

describe('how marks of class and method come together', () => {
  @Controller()
  @Auth({ roles: ['staff'], verified: true })
  class Base {
    @Get('a') a() {}
    @Get('b') @Auth({ roles: ['admin'], fresh: true }) b() {}
    @Get('c') @Public() c() {}
    @Get('d') @OptionalAuth() d() {}
  }
  @Controller()
  @Auth({ scopes: ['x'] })
  class Derived extends Base {
    @Get('e') e() {}
  }
  @Controller()
  @Public()
  class Open extends Base {
    @Get('f') f() {}
    @Get('g') @Auth({ roles: ['owner'] }) g() {}
  }

  it('enforces both, and never lets a method relax its class', async () => {
    expect(await ruleOf(Base, 'a')).toMatchObject({
      mode: 'required',
      roles: [['staff']],
      verified: true,
      methods: [],
      duringEnrolment: false,
      fresh: false,
    });
    expect(await ruleOf(Base, 'b')).toMatchObject({ roles: [['staff'], ['admin']], verified: true, fresh: true });
  });

  it('lets the nearer @Public() and @OptionalAuth() lift everything before it', async () => {
    expect(await ruleOf(Base, 'c')).toMatchObject({ mode: 'public', roles: [], verified: false });
    expect(await ruleOf(Base, 'd')).toMatchObject({ mode: 'optional', roles: [], verified: false });
    expect(await ruleOf(Open, 'f')).toMatchObject({ mode: 'public' });
    expect(await ruleOf(Open, 'g')).toMatchObject({ mode: 'required', roles: [['owner']], verified: false });
  });

  it('adds the rules of the classes that a class extends', async () => {
    expect(await ruleOf(Derived, 'e')).toMatchObject({ roles: [['staff']], scopes: ['x'], verified: true });
    expect(await ruleOf(Derived, 'b')).toMatchObject({ roles: [['staff'], ['admin']], scopes: ['x'] });
  });

  it('keeps the rule of a method that another decorator has wrapped', async () => {
    const Wrap = (): MethodDecorator => (_target, _key, descriptor) => {
      const original = descriptor.value as unknown as () => unknown;
      descriptor.value = function (this: unknown) {
        return original.call(this);
      } as never;
    };
    @Controller()
    class Wrapped {
      @Get() @Wrap() @Auth({ roles: ['admin'] }) outer() {}
      @Get('x') @Auth({ roles: ['admin'] }) @SetMetadata('a', 1) inner() {}
    }
    expect(await ruleOf(Wrapped, 'outer')).toMatchObject({ roles: [['admin']] });
    expect(await ruleOf(Wrapped, 'inner')).toMatchObject({ roles: [['admin']] });
  });

  it('narrows "via" by both', async () => {
    @Controller()
    @Auth({ via: ['session', 'bearer'] })
    class Via {
      @Get() @Auth({ via: ['bearer', 'api-key'] }) a() {}
    }
    expect((await ruleOf(Via, 'a')).via).toEqual(['bearer']);
  });
});

describe('what is protected when nothing is said', () => {
  @Controller()
  class Plain {
    @Get('a') a() {}
    @Get('b') @Auth() b() {}
  }

  it('is everything by default, and nothing with "marked"', async () => {
    expect((await ruleOf(Plain, 'a')).mode).toBe('required');
    expect((await ruleOf(Plain, 'a', { protect: 'marked' })).mode).toBe('unmarked');
    expect((await ruleOf(Plain, 'b', { protect: 'marked' })).mode).toBe('required');
  });

  it.each([[[Plain]], [['Plain']]])(
    'is nothing in publicControllers %o, except what is marked',
    async (publicControllers) => {
      expect((await ruleOf(Plain, 'a', { publicControllers })).mode).toBe('public');
      expect((await ruleOf(Plain, 'b', { publicControllers })).mode).toBe('required');
    },
  );

  it('lists open routes of the host', async () => {
    @Controller('docs')
    class Docs {
      @Get('page/:id') @Public() page() {}
      @Get('mine') mine() {}
    }
    expect((await rulesOf([Docs, Plain])).publicRoutes()).toEqual([
      { controller: 'Docs', handler: 'page', path: '/docs/page/:id' },
    ]);
    expect((await rulesOf([Plain], { protect: 'marked' })).publicRoutes()).toHaveLength(1);
  });
});

describe('rules that cannot be', () => {
  it('refuse to start, all at once', async () => {
    @Controller()
    @Public()
    @Auth()
    class Wrong {
      @Get('a') @Auth({ roles: [] }) a() {}
      @Get('b') @Auth({ permissions: ['notes'] }) b() {}
      @Get('c') @Auth({ role: 'admin' } as never) c() {}
      @Get('d') @Auth({ roles: undefined }) d() {}
      @Get('e') @Auth({ roles: 'admin' as never }) e() {}
      @Get('f') @Auth({ policy: UnlistedPolicy }) f() {}
      @Get('g') @Auth({ policy: ScopedPolicy }) g() {}
      @Get('h') @Auth({ policy: NoPolicy as never }) h() {}
      @Get('i') @Auth({ via: 'cookie' as never }) i() {}
      @Get('j') @OptionalAuth() @Auth() j() {}
      @Get('k') @Auth({ scopes: ['a b'] }) k() {}
      @Get('l') @Auth({ permissions: ['notes:*'] }) l() {}
    }
    const problems = await problemsOf([Wrong]);
    expect(problems[0]).toMatch(/^Wrong: @Auth\(\) and @Public\(\) contradict/);
    for (const name of 'abcdefghijkl')
      expect(problems.filter((text) => text.startsWith(`Wrong.${name}: `))).toHaveLength(1);
    expect(problems).toHaveLength(13);
  });

  it('include those that contradict the class', async () => {
    @Controller()
    @Auth({ via: 'session', fresh: true })
    class Class {
      @Get('a') @Auth({ via: 'bearer' }) a() {}
      @Get('b') @Auth({ fresh: false }) b() {}
    }
    expect(await problemsOf([Class])).toEqual([
      expect.stringMatching(/^Class\.a: its "via"/),
      expect.stringMatching(/^Class\.b: "fresh: false"/),
    ]);
  });

  it('include guarded microservice handlers, which no guard of ours sees', async () => {
    const MessagePattern = (): MethodDecorator => SetMetadata('microservices:pattern', ['x']);
    @Controller()
    class Rpc {
      @MessagePattern() silent() {}
      @MessagePattern() @Auth() guarded() {}
      @MessagePattern() @OptionalAuth() optional() {}
      @MessagePattern() @Public() open() {}
    }
    const named = (problems: readonly string[]) => problems.map((text) => text.split(':')[0]);
    expect(named(await problemsOf([Rpc]))).toEqual(['Rpc.silent', 'Rpc.guarded', 'Rpc.optional']);
    expect(named(await problemsOf([Rpc], { protect: 'marked' }))).toEqual(['Rpc.guarded', 'Rpc.optional']);
    expect(await problemsOf([Rpc], { publicControllers: [Rpc] })).toHaveLength(2);
  });

  it('are none of the ordinary ones', async () => {
    @Controller()
    class Right {
      @Get('a') @Auth({ roles: ['Team Lead'], permissions: ['notes:read'], scopes: ['a:b'], via: 'session' }) a() {}
      @Get('b') @Auth({ policy: Policy, fresh: true, verified: false }) b() {}
      @Get('c') @Auth({ policy: () => true }) c() {}
    }
    expect(await problemsOf([Right])).toEqual([]);
  });
});

describe('handlers that were not there at start', () => {
  it('are compiled on their first call, and remembered', async () => {
    class Late {
      @Auth({ roles: ['admin'] }) run() {}
      other() {}
    }
    const rules = await rulesOf([]);
    const first = rules.of(contextOf(Late, Late.prototype.run));
    expect(first).toMatchObject({ mode: 'required', roles: [['admin']] });
    expect(rules.of(contextOf(Late, Late.prototype.run))).toBe(first);
    expect(rules.of(contextOf(Late, Late.prototype.other)).mode).toBe('required');
  });

  it('are refused when nobody can tell which method they are', async () => {
    class Unclear {
      @Auth({ roles: ['admin'] }) run() {}
    }
    const rules = await rulesOf([]);
    expect(() => rules.of(contextOf(Unclear, () => undefined))).toThrow(/cannot be told apart/);
  });

  it('are refused when their rule cannot be', async () => {
    class Wrong {
      @Auth({ roles: [] }) run() {}
    }
    const rules = await rulesOf([]);
    expect(() => rules.of(contextOf(Wrong, Wrong.prototype.run))).toThrow(StartUpError);
  });
});
