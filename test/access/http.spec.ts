import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  Global,
  Injectable,
  Module,
  Post,
  Req,
  UseGuards,
  ValidationPipe,
  type CanActivate,
  type ExecutionContext,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AccessGuard } from '../../lib/access/access.guard.js';
import { AccessPolicy } from '../../lib/access/access-policy.js';
import { AuthContext } from '../../lib/access/auth-context.js';
import { AuthContextMiddleware } from '../../lib/access/auth-context.middleware.js';
import { Auth, OptionalAuth, Public } from '../../lib/access/auth.decorators.js';
import { CurrentPrincipal, CurrentUser } from '../../lib/access/principal.decorators.js';
import { Principals } from '../../lib/access/principals.js';
import { Principal } from '../../lib/common/principal.js';
import { AuthError } from '../../lib/errors/auth-error.js';
import { AccessModule, ORIGIN, principal, signedIn, startApp, User, type RunningApp } from './support.js';

@Injectable()
class OwnerPolicy extends AccessPolicy {
  override async allows(who: Principal, context: ExecutionContext): Promise<boolean> {
    const mode = context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-policy'];
    if (mode === 'throw') throw new Error('the database of the policy is down at 10.0.0.5');
    if (mode === 'teapot') throw new ForbiddenException('not on Sundays');
    if (mode === 'truthy') return 'yes' as unknown as boolean;
    return who.userId === 'u1';
  }
}

@Injectable()
class Audit {
  constructor(private readonly context: AuthContext) {}

  async who(): Promise<string> {
    await new Promise((resolve) => setImmediate(resolve));
    return (await this.context.principal())?.userId ?? 'nobody';
  }
}

@Controller()
class PlainController {
  constructor(private readonly audit: Audit) {}

  @Get('guarded') guarded(@CurrentPrincipal() who: Principal, @Req() req: object) {
    return {
      userId: who.userId,
      principal: who instanceof Principal,
      user: 'user' in req,
      keys: Object.keys(req).includes('user'),
    };
  }
  @Post('guarded') write(@CurrentPrincipal() who: Principal, @Body() body: unknown) {
    return { userId: who.userId, body };
  }
  @Get('open') @Public() open(@CurrentPrincipal() who: Principal | undefined) {
    return { who: who ?? null };
  }
  @Post('open') @Public() openWrite() {
    return { ok: true };
  }
  @Get('optional') @OptionalAuth() optional(@CurrentPrincipal() who?: Principal, @CurrentUser() user?: User) {
    return { who: who?.userId ?? null, user: user ?? null };
  }
  @Post('optional') @OptionalAuth() optionalWrite(@CurrentPrincipal() who?: Principal) {
    return { who: who?.userId ?? null };
  }
  @Get('user') user(@CurrentUser() user: User, @CurrentUser() again: User) {
    return { id: user.id, entity: user instanceof User, same: user === again };
  }
  @Get('context') async viaContext() {
    return { who: await this.audit.who() };
  }
  @Post('context') async viaContextPost(@Body() _body: unknown) {
    return { who: await this.audit.who() };
  }
  @Get('context/open') @Public() async openContext() {
    return { who: await this.audit.who() };
  }
}

@Controller('staff')
@Auth({ roles: ['staff'] })
class StaffController {
  @Get() all() {
    return { ok: true };
  }
  @Get('admin') @Auth({ roles: ['admin', 'root'] }) admin() {
    return { ok: true };
  }
  @Get('again') @Auth() again() {
    return { ok: true };
  }
  @Get('open') @Public() open() {
    return { ok: true };
  }
}

@Controller('rules')
class RulesController {
  @Get('permissions') @Auth({ permissions: ['notes:read', 'notes:write'] }) permissions() {
    return { ok: true };
  }
  @Get('scopes') @Auth({ scopes: ['reports'] }) scopes() {
    return { ok: true };
  }
  @Get('via') @Auth({ via: 'api-key' }) via() {
    return { ok: true };
  }
  @Get('verified') @Auth({ verified: true, roles: ['nobody'] }) verified() {
    return { ok: true };
  }
  @Get('fresh') @Auth({ fresh: true }) fresh() {
    return { ok: true };
  }
  @Get('fresh-admin') @Auth({ fresh: true, roles: ['admin'] }) freshAdmin() {
    return { ok: true };
  }
  @Get('policy') @Auth({ policy: OwnerPolicy }) policy() {
    return { ok: true };
  }
  @Get('function') @Auth({ policy: (who) => who.userId === 'u1' }) plain() {
    return { ok: true };
  }
}

@Module({
  imports: [AccessModule.with({ structure: { context: true } })],
  controllers: [PlainController, StaffController, RulesController],
  providers: [OwnerPolicy, Audit],
})
class HostModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(AuthContextMiddleware).forRoutes('{*path}');
  }
}

describe.each(['express', 'fastify'] as const)('access on %s', (adapter) => {
  let running: RunningApp;

  beforeAll(async () => {
    running = await startApp(HostModule, {
      adapter,
      prepare: (app) =>
        app.useGlobalPipes(
          new ValidationPipe({
            whitelist: true,
            transform: true,
            transformOptions: { enableImplicitConversion: true },
          }),
        ),
    });
  });
  afterAll(() => running.app.close());
  beforeEach(() => {
    running.sessions.live.clear();
    running.sessions.dead.clear();
    running.sessions.failure = undefined;
    running.sessions.reads = 0;
    running.users.loads = 0;
    running.sessions.live.set('u1', principal());
    running.sessions.dead.add('dead');
  });

  async function call(path: string, init: RequestInit = {}) {
    const response = await fetch(`${running.url}/${path}`, init);
    return { status: response.status, headers: response.headers, body: (await response.json()) as any };
  }
  const get = (path: string, headers: Record<string, string> = {}) => call(path, { headers });
  const post = (path: string, headers: Record<string, string> = {}) =>
    call(path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{"a":1}' });
  const session = { cookie: 'sid=u1' };

  it('refuses an anonymous request', async () => {
    const { status, body, headers } = await get('guarded');
    expect({ status, body }).toMatchObject({ status: 401, body: { statusCode: 401, code: 'NOT_AUTHENTICATED' } });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(headers.get('set-cookie')).toBeNull();
  });

  it('knows the principal of a live session, and leaves req.user alone', async () => {
    expect((await get('guarded', session)).body).toEqual({ userId: 'u1', principal: true, user: false, keys: false });
  });

  it('refuses a dead session where one is needed, and does not clear the cookie', async () => {
    const { status, body, headers } = await get('guarded', { cookie: 'sid=dead' });
    expect([status, body.code, headers.get('set-cookie')]).toEqual([401, 'NOT_AUTHENTICATED', null]);
    expect((await get('optional', { cookie: 'sid=dead' })).body).toEqual({ who: null, user: null });
  });

  it('treats a cookie that does not verify as none', async () => {
    expect((await get('optional', { cookie: 'sid=forged' })).body).toEqual({ who: null, user: null });
    expect((await get('guarded', { cookie: 'sid=forged' })).status).toBe(401);
  });

  it('looks at no credential on public routes', async () => {
    for (const headers of [session, { authorization: 'Bearer x' }, { authorization: 'Bearer x', 'x-api-key': 'y' }]) {
      expect(await get('open', headers as Record<string, string>)).toMatchObject({ status: 200, body: { who: null } });
      expect((await post('open', headers as Record<string, string>)).status).toBe(201);
    }
    expect(running.sessions.reads).toBe(0);
  });

  it('lets a header credential decide alone, also on optional routes', async () => {
    for (const path of ['guarded', 'optional']) {
      for (const authorization of ['Bearer abc', 'bearer abc', 'BEARER', 'Bearer  ', 'Bearer a b c']) {
        const { status, body, headers } = await get(path, { ...session, authorization });
        expect([status, body.code]).toEqual([401, 'INVALID_ACCESS_TOKEN']);
        expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      }
      for (const key of ['gk_1', '']) {
        expect((await get(path, { ...session, 'x-api-key': key })).body.code).toBe('INVALID_API_KEY');
      }
      const both = await get(path, { authorization: 'Bearer a', 'x-api-key': 'b' });
      expect([both.status, both.body.code]).toEqual([400, 'MALFORMED_REQUEST']);
    }
    expect(running.sessions.reads).toBe(0);
  });

  it('decides the same where something of the application has replaced the global Promise', async () => {
    vi.stubGlobal('Promise', class extends Promise<unknown> {});
    try {
      for (const path of ['guarded', 'optional']) {
        const { status, body } = await get(path, { authorization: 'Bearer abc' });
        expect([status, body.code]).toEqual([401, 'INVALID_ACCESS_TOKEN']);
      }
      expect((await get('optional', session)).body.who).toBe('u1');
      expect((await get('guarded', session)).status).toBe(200);
      expect((await get('guarded')).status).toBe(401);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it.each(['Basic dTpw', 'BearerX a', 'Digest x', ''])('ignores the scheme of "%s"', async (authorization) => {
    expect((await get('guarded', { ...session, authorization })).status).toBe(200);
  });

  it('answers 503 when sessions cannot be read, never open', async () => {
    running.sessions.failure = new AuthError('STORE_UNAVAILABLE', { retryAfterMs: 1_500 });
    for (const path of ['guarded', 'optional']) {
      const { status, headers } = await get(path, session);
      expect([status, headers.get('retry-after')]).toEqual([503, '2']);
    }
    running.sessions.failure = new Error('bug');
    expect((await get('optional', session)).status).toBe(500);
  });

  it('denies what is no Principal', async () => {
    running.sessions.live.set('u1', { ...principal(), roles: ['staff'] } as unknown as Principal);
    expect((await get('guarded', session)).status).toBe(401);
    expect((await get('staff', session)).status).toBe(401);
    expect((await get('optional', session)).body.who).toBeNull();
  });

  describe('CSRF', () => {
    const json = async (headers: Record<string, string>) => {
      const { status, body } = await post('guarded', { ...session, ...headers });
      return [status, body.code ?? body.userId];
    };
    const token = () => running.csrf.csrfToken('seed-u1');

    it('accepts a listed origin with the token', async () => {
      expect(await json({ origin: ORIGIN, 'x-csrf-token': token() })).toEqual([201, 'u1']);
      expect(await json({ origin: 'https://api.example.com', 'x-xsrf-token': token() })).toEqual([201, 'u1']);
      expect(await json({ 'x-csrf-token': token() })).toEqual([201, 'u1']);
      expect(await json({ 'sec-fetch-site': 'none', 'x-csrf-token': token() })).toEqual([201, 'u1']);
      expect(await json({ 'sec-fetch-site': 'same-origin', 'x-csrf-token': token() })).toEqual([201, 'u1']);
    });

    it.each<Record<string, string>>([
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: '' },
      { origin: `${ORIGIN}.evil.example` },
      { origin: `${ORIGIN}:443` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ])('refuses %o even with the token', async (headers) => {
      expect(await json({ ...headers, 'x-csrf-token': token() })).toEqual([403, 'CSRF_FAILED']);
    });

    it('refuses a wrong, missing or foreign token even from a listed origin, on optional routes as well', async () => {
      const foreign = running.csrf.csrfToken('seed-u2');
      for (const wrong of ['', 'x', 'tökén', `${token()}x`, token().slice(0, -1), foreign, '.', '€€€€€€€€.€']) {
        const headers = { ...session, origin: ORIGIN, 'x-csrf-token': Buffer.from(wrong).toString('latin1') };
        expect((await post('guarded', headers)).body.code).toBe('CSRF_FAILED');
        expect((await post('optional', headers)).body.code).toBe('CSRF_FAILED');
      }
      expect(await json({ origin: ORIGIN })).toEqual([403, 'CSRF_FAILED']);
    });

    it('asks nothing of requests without a live session', async () => {
      expect((await post('optional', { origin: 'https://evil.example' })).status).toBe(201);
      expect((await post('guarded', { origin: 'https://evil.example', cookie: 'sid=dead' })).status).toBe(401);
    });

    it('names the origin and the option outside production', async () => {
      const { body } = await post('guarded', { ...session, origin: 'https://evil.example' });
      expect(body.details).toEqual({ origin: 'https://evil.example', option: 'origins' });
    });
  });

  describe('rules', () => {
    const as = (fields: Parameters<typeof principal>[0]) => running.sessions.live.set('u1', principal(fields));
    const code = async (path: string, headers = {}) => {
      const { status, body } = await get(path, { ...session, ...headers });
      return status === 200 ? 200 : body.code;
    };

    it('enforces the rule of the class and that of the method', async () => {
      as({ roles: ['admin'] });
      expect(await code('staff/admin')).toBe('FORBIDDEN');
      expect(await code('staff/again')).toBe('FORBIDDEN');
      as({ roles: ['staff'] });
      expect(await code('staff/admin')).toBe('FORBIDDEN');
      expect(await code('staff/again')).toBe(200);
      expect(await code('staff')).toBe(200);
      as({ roles: ['staff', 'root'] });
      expect(await code('staff/admin')).toBe(200);
      expect((await get('staff/open')).status).toBe(200);
    });

    it('asks for all permissions and knows wildcards', async () => {
      as({ permissions: ['notes:read'] });
      expect(await code('rules/permissions')).toBe('FORBIDDEN');
      as({ permissions: ['notes:*'] });
      expect(await code('rules/permissions')).toBe(200);
    });

    it('asks for scopes and kinds of credential', async () => {
      expect(await code('rules/scopes')).toBe(200);
      as({ scopes: ['other'] });
      expect(await code('rules/scopes')).toBe('FORBIDDEN');
      expect(await code('rules/via')).toBe('FORBIDDEN');
    });

    it('asks for a confirmed address before roles', async () => {
      expect(await code('rules/verified')).toBe('EMAIL_NOT_VERIFIED');
      as({ emailVerified: true });
      expect(await code('rules/verified')).toBe('FORBIDDEN');
    });

    it('asks for a fresh sign-in last, by the clock', async () => {
      expect(await code('rules/fresh')).toBe(200);
      as({ freshUntil: running.clock.now() });
      const { status, body } = await get('rules/fresh', session);
      expect([status, body.code, body.details]).toEqual([403, 'REAUTHENTICATION_REQUIRED', { methods: ['password'] }]);
      expect(await code('rules/fresh-admin')).toBe('FORBIDDEN');
      as({ freshUntil: Number.NaN });
      expect(await code('rules/fresh')).toBe('REAUTHENTICATION_REQUIRED');
    });

    it('asks policies, of which only true allows', async () => {
      expect(await code('rules/policy')).toBe(200);
      expect(await code('rules/function')).toBe(200);
      expect(await code('rules/policy', { 'x-policy': 'truthy' })).toBe('FORBIDDEN');
      as({ userId: 'u2' });
      expect(await code('rules/policy')).toBe('FORBIDDEN');
      expect(await code('rules/function')).toBe('FORBIDDEN');
    });

    it('refuses when a policy fails, and tells nobody why', async () => {
      const { status, body } = await get('rules/policy', { ...session, 'x-policy': 'throw' });
      expect([status, body.code]).toEqual([503, 'STORE_UNAVAILABLE']);
      expect(JSON.stringify(body)).not.toContain('10.0.0.5');
      const own = await get('rules/policy', { ...session, 'x-policy': 'teapot' });
      expect([own.status, own.body.message]).toEqual([403, 'not on Sundays']);
    });
  });

  it('loads the user once a request, and only when asked', async () => {
    expect((await get('user', session)).body).toEqual({ id: 'u1', entity: true, same: true });
    expect(running.users.loads).toBe(1);
    await get('guarded', session);
    expect(running.users.loads).toBe(1);
    expect((await get('optional', session)).body).toEqual({ who: 'u1', user: { id: 'u1' } });
    expect((await get('optional')).body).toEqual({ who: null, user: null });
  });

  it('reads the credential once a request', async () => {
    await get('context', session);
    expect(running.sessions.reads).toBe(1);
  });

  it('tells AuthContext the principal of its own request among many', async () => {
    for (let user = 2; user < 12; user++) running.sessions.live.set(`u${user}`, principal({ userId: `u${user}` }));
    const users = Array.from({ length: 40 }, (_, index) => `u${1 + (index % 11)}`);
    const answers = await Promise.all(
      users.map(async (user, index) => {
        const headers = signedIn(running, user);
        return (await (index % 2 === 0 ? get('context', headers) : post('context', headers))).body.who;
      }),
    );
    expect(answers).toEqual(users);
    expect((await get('context/open', session)).body.who).toBe('nobody');
  });
});

@Injectable()
class HostGuard implements CanActivate {
  constructor(private readonly principals: Principals) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const who = await this.principals.of(context);
    context.switchToHttp().getRequest<{ seen?: string }>().seen = who?.userId ?? 'nobody';
    return true;
  }
}

@Controller('seen')
class SeenController {
  @Get() required(@Req() req: { seen: string }) {
    return { seen: req.seen };
  }
  @Get('open') @Public() open(@Req() req: { seen: string }) {
    return { seen: req.seen };
  }
  @Get('marked') @Auth() @UseGuards(HostGuard) marked(@Req() req: { seen: string }) {
    return { seen: req.seen };
  }
  @Get('optional') @OptionalAuth() @UseGuards(HostGuard) optional(@Req() req: { seen: string }) {
    return { seen: req.seen };
  }
}

@Global()
@Module({ providers: [{ provide: APP_GUARD, useClass: HostGuard }] })
class HostGuardModule {}

describe.each([
  ['before', () => [HostGuardModule, AccessModule.with()]],
  ['after', () => [AccessModule.with(), HostGuardModule]],
])("a host's own APP_GUARD %s ours", (_, imports) => {
  it('is told of nobody by what only looks like a principal', async () => {
    @Module({ imports: imports(), controllers: [SeenController] })
    class Host {}
    const running = await startApp(Host);
    try {
      running.sessions.live.set('u1', { ...principal(), roles: ['staff'] } as unknown as Principal);
      const response = await fetch(`${running.url}/seen/optional`, { headers: { cookie: 'sid=u1' } });
      expect([response.status, await response.json()]).toEqual([200, { seen: 'nobody' }]);
    } finally {
      await running.app.close();
    }
  });

  it('knows the principal, and reads it once with ours', async () => {
    @Module({ imports: imports(), controllers: [SeenController] })
    class Host {}
    const running = await startApp(Host);
    try {
      running.sessions.live.set('u1', principal());
      const seen = async (path: string, headers: Record<string, string>) => {
        const response = await fetch(`${running.url}/${path}`, { headers });
        return [response.status, ((await response.json()) as { seen?: string; code?: string }).seen];
      };
      expect(await seen('seen', { cookie: 'sid=u1' })).toEqual([200, 'u1']);
      expect(await seen('seen/marked', { cookie: 'sid=u1' })).toEqual([200, 'u1']);
      expect(running.sessions.reads).toBe(2);
      expect(await seen('seen/open', { cookie: 'sid=u1' })).toEqual([200, 'nobody']);
      expect(await seen('seen', {})).toEqual([401, undefined]);
      expect(await seen('seen', { authorization: 'Bearer x' })).toEqual([401, undefined]);
    } finally {
      await running.app.close();
    }
  });
});

describe('an application without AuthModule', () => {
  @Controller()
  class Marked {
    @Get('auth') @Auth() auth() {
      return 'in';
    }
    @Get('optional') @OptionalAuth() optional() {
      return 'in';
    }
    @Get('unmarked') unmarked() {
      return 'in';
    }
  }
  @Module({ controllers: [Marked] })
  class Host {}

  it('refuses what is marked, whatever the request carries', async () => {
    const { Test } = await import('@nestjs/testing');
    const app = (await Test.createTestingModule({ imports: [Host] }).compile()).createNestApplication({
      logger: false,
    });
    await app.listen(0, '127.0.0.1');
    try {
      const status = async (path: string) =>
        (await fetch(`${await app.getUrl()}/${path}`, { headers: { cookie: 'sid=u1' } })).status;
      expect([await status('auth'), await status('optional'), await status('unmarked')]).toEqual([500, 500, 200]);
    } finally {
      await app.close();
    }
  });

  it('does not keep a controller from being tested by itself', () => {
    expect(new Marked().auth()).toBe('in');
  });
});

describe('overrideProvider(AccessGuard)', () => {
  @Controller()
  @Auth({ roles: ['admin'] })
  class Guarded {
    @Get() all() {
      return { ok: true };
    }
  }
  @Module({ imports: [AccessModule.with()], controllers: [Guarded] })
  class Host {}

  it.each([
    [true, 200],
    [false, 403],
  ])('reaches the guard: %s answers %i', async (allowed, expected) => {
    const running = await startApp(Host, {
      override: (builder) => builder.overrideProvider(AccessGuard).useValue({ canActivate: () => allowed }),
    });
    try {
      expect((await fetch(running.url)).status).toBe(expected);
    } finally {
      await running.app.close();
    }
  });
});
