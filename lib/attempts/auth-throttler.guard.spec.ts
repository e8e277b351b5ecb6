import { Controller, Get, Inject, Injectable, Module, Post, UseGuards, type Type } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ThrottlerGuard, ThrottlerModule, getOptionsToken } from '@nestjs/throttler';
import { afterEach, describe, expect, it } from 'vitest';
import { Clock } from '../common/clock.js';
import { HOUR_MS } from '../common/duration.js';
import { AuthError } from '../errors/auth-error.js';
import { AuthMetrics } from '../events/auth-metrics.js';
import { Metrics } from '../events/metrics.service.js';
import { AuthSettings } from '../options/auth-settings.js';
import { MemoryStateStore } from '../store/memory-state-store.js';
import { StateStore } from '../store/state-store.js';
import { AuthThrottlerGuard } from './auth-throttler.guard.js';
import { ClientAddresses } from './client-addresses.service.js';
import { LimitRefusals } from './limit-refusals.js';
import { RateLimit } from './rate-limit.decorator.js';
import { RequestIdentity } from './request-identity.js';
import { throttlerProviders } from './throttler.providers.js';

class TestClock extends Clock {
  time = 1_800_000_000_000;

  override now(): number {
    return this.time;
  }
}

/** Stands where the access folder puts the principal: the header is a credential that was found valid. */
@Injectable()
class HeaderIdentity extends RequestIdentity {
  override sessionKey(request: { headers: Record<string, string | undefined> }): string | undefined {
    return request.headers['x-session'];
  }
}

@Controller('auth')
@UseGuards(AuthThrottlerGuard)
class OurController {
  @Post('register')
  @RateLimit('register')
  register(): string {
    return 'registered';
  }

  @Get('me')
  read(): string {
    return 'read';
  }

  @Post('me')
  write(): string {
    return 'written';
  }
}

@Controller('host')
class HostController {
  @Get()
  get(): string {
    return 'host';
  }
}

interface Setup {
  readonly clock?: Clock;
  readonly store?: StateStore;
  readonly environment?: AuthSettings['environment'];
  readonly multiplier?: number;
  readonly trustedProxyHops?: number;
}

function ourModule({
  clock = new TestClock(),
  store,
  environment = 'test',
  multiplier = 1,
  trustedProxyHops = 1,
}: Setup): Type {
  const settings = { environment, rateLimits: { multiplier }, trustedProxyHops };
  @Module({
    controllers: [OurController],
    providers: [
      { provide: StateStore, useValue: store ?? new MemoryStateStore(clock) },
      { provide: AuthSettings, useValue: settings },
      { provide: RequestIdentity, useClass: HeaderIdentity },
      ClientAddresses,
      AuthMetrics,
      Metrics,
      LimitRefusals,
      ...throttlerProviders,
    ],
  })
  class OurModule {}
  return OurModule;
}

const adapters = { express: undefined, fastify: (): FastifyAdapter => new FastifyAdapter() };

let app: INestApplication;

async function start(adapter: keyof typeof adapters, imports: Type[] | unknown[]): Promise<void> {
  const module = await Test.createTestingModule({ imports: imports as Type[] }).compile();
  const make = adapters[adapter];
  app = make === undefined ? module.createNestApplication() : module.createNestApplication(make());
  await app.listen(0, '127.0.0.1');
}

async function call(path: string, headers: Record<string, string> = {}, method = 'POST'): Promise<Response> {
  const response = await fetch(`${await app.getUrl()}${path}`, { method, headers });
  return response;
}

async function statuses(count: number, path: string, headers: Record<string, string> = {}, method = 'POST') {
  const seen: Record<number, number> = {};
  for (let index = 0; index < count; index += 1) {
    const { status } = await call(path, headers, method);
    seen[status] = (seen[status] ?? 0) + 1;
  }
  return seen;
}

const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address });
const session = (name: string): Record<string, string> => ({ 'x-session': name });

afterEach(() => app.close());

describe.each(['express', 'fastify'] as const)('AuthThrottlerGuard on %s', (adapter) => {
  it('refuses the 21st registration of an address within the hour', async () => {
    const clock = new TestClock();
    await start(adapter, [ourModule({ clock })]);
    expect(await statuses(20, '/auth/register', from('203.0.113.7'))).toEqual({ 201: 20 });
    clock.time += 1_000;
    const refused = await call('/auth/register', from('203.0.113.7'));
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('3599');
    expect(refused.headers.get('cache-control')).toBe('no-store');
    expect(await refused.json()).toEqual({
      statusCode: 429,
      error: 'Too Many Requests',
      code: 'RATE_LIMITED',
      message: 'Too many requests. Try again later.',
    });
    expect((await call('/auth/register', from('203.0.113.8'))).status).toBe(201);
    clock.time += HOUR_MS - 1_000;
    expect((await call('/auth/register', from('203.0.113.7'))).status).toBe(201);
  });

  it('lets exactly the limit through when all come at once', async () => {
    await start(adapter, [ourModule({})]);
    const answers = await Promise.all(Array.from({ length: 60 }, () => call('/auth/register', from('203.0.113.7'))));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
  });

  it('cannot be passed by an invented forwarded address', async () => {
    await start(adapter, [ourModule({ trustedProxyHops: 0 })]);
    const invented = Array.from({ length: 30 }, (_, index) => call('/auth/register', from(`198.51.100.${index}`)));
    expect((await Promise.all(invented)).filter(({ status }) => status === 201)).toHaveLength(20);
  });

  it('counts an IPv6 /64 as one address and a /48 as five', async () => {
    await start(adapter, [ourModule({})]);
    const network = (n: number, host: number): string => `2001:db8:1:${n}::${host.toString(16)}`;
    for (let index = 0; index < 30; index += 1) await call('/auth/register', from(network(0, index)));
    for (let n = 1; n <= 4; n += 1) {
      expect(await statuses(20, '/auth/register', from(network(n, 1)))).toEqual({ 201: 20 });
    }
    expect((await call('/auth/register', from(network(5, 1)))).status).toBe(429);
    expect((await call('/auth/register', from('2001:db8:2::1'))).status).toBe(201);
  });

  it('counts signed-in requests by session, reads and writes apart, and others by address', async () => {
    await start(adapter, [ourModule({})]);
    expect(await statuses(61, '/auth/me', session('s1'))).toEqual({ 201: 60, 429: 1 });
    expect(await statuses(60, '/auth/me', session('s1'), 'GET')).toEqual({ 200: 60 });
    expect(await statuses(60, '/auth/me', session('s1'), 'HEAD')).toEqual({ 200: 60 });
    expect(await statuses(1, '/auth/me', session('s1'), 'GET')).toEqual({ 429: 1 });
    expect((await call('/auth/me', session('s2'))).status).toBe(201);
    expect(await statuses(301, '/auth/me', {}, 'GET')).toEqual({ 200: 300, 429: 1 });
    expect((await call('/auth/me', session('s2'), 'GET')).status).toBe(200);
  });

  it('counts the declared budget by address also for a request with a session', async () => {
    await start(adapter, [ourModule({})]);
    for (let index = 0; index < 20; index += 1) await call('/auth/register', session(`s${index}`));
    expect((await call('/auth/register', session('another'))).status).toBe(429);
  });

  it('tells what is left, in headers of its own', async () => {
    await start(adapter, [ourModule({})]);
    await call('/auth/register');
    const { headers } = await call('/auth/register');
    expect(headers.get('ratelimit-limit')).toBe('20');
    expect(headers.get('ratelimit-remaining')).toBe('18');
    expect(headers.get('ratelimit-reset')).toBe('3600');
    expect(headers.get('x-ratelimit-limit')).toBeNull();
  });

  it('multiplies by rateLimits.multiplier, and names budget and option in development alone', async () => {
    await start(adapter, [ourModule({ environment: 'development', multiplier: 2 })]);
    expect(await statuses(40, '/auth/register')).toEqual({ 201: 40 });
    const { message } = (await (await call('/auth/register')).json()) as { message: string };
    expect(message).toContain('"register"');
    expect(message).toContain('rateLimits.multiplier');
  });

  it('answers 503, not 500 and not through, when the store cannot count', async () => {
    const store = new (class extends MemoryStateStore {
      override consume(): Promise<never> {
        return Promise.reject(new AuthError('STORE_UNAVAILABLE', { retryAfterMs: 1_000 }));
      }
    })(new TestClock());
    await start(adapter, [ourModule({ store })]);
    const refused = await call('/auth/me', {}, 'GET');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('leaves the host’s own ThrottlerModule alone', async () => {
    @Injectable()
    class HostProbe {
      constructor(@Inject(getOptionsToken()) readonly options: unknown) {}
    }
    const hostOptions = [{ name: 'default', limit: 2, ttl: 60_000 }];
    @Module({
      imports: [ThrottlerModule.forRoot(hostOptions), ourModule({})],
      controllers: [HostController],
      providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }, HostProbe],
    })
    class HostModule {}
    await start(adapter, [HostModule]);
    expect(app.get(HostProbe).options).toBe(hostOptions);
    const first = await call('/host', {}, 'GET');
    expect(first.headers.get('x-ratelimit-limit')).toBe('2');
    expect(first.headers.get('ratelimit-limit')).toBeNull();
    expect(await statuses(2, '/host', {}, 'GET')).toEqual({ 200: 1, 429: 1 });
    const ours = await call('/auth/register');
    expect(ours.headers.get('x-ratelimit-limit')).toBe('2');
    expect(ours.headers.get('ratelimit-limit')).toBe('20');
  });
});
