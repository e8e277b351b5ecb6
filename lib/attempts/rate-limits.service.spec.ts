import { HttpException, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { settingsOf } from '../../test/support/settings.js';
import { HOUR_MS, MINUTE_MS } from '../common/duration.js';
import { AuthError } from '../errors/auth-error.js';
import { AuthMetrics, type MetricLabels } from '../events/auth-metrics.js';
import { Metrics } from '../events/metrics.service.js';
import type { AuthValues } from '../options/auth-options.js';
import { MemoryStateStore } from '../store/memory-state-store.js';
import { TestClock } from '../testing/index.js';
import { LimitRefusals } from './limit-refusals.js';
import { MailLimits } from './mail-limits.service.js';
import { RATE_LIMIT, RateLimit } from './rate-limit.decorator.js';
import { allowedHits, rateLimited, RateLimits } from './rate-limits.service.js';
import { ROUTE_BUDGETS } from './budgets.js';
import { StateStoreThrottlerStorage } from './throttler-storage.js';

let clock: TestClock;
let store: MemoryStateStore;

beforeEach(() => {
  clock = new TestClock();
  store = new MemoryStateStore(clock);
});

const limitsOf = (values: Partial<AuthValues> = {}) => new RateLimits(store, settingsOf(values));

/** How many in turn are let through before the first that is not. */
async function passed(work: () => Promise<unknown>, most: number): Promise<number> {
  for (let count = 0; count < most; count += 1) {
    try {
      if ((await work()) === false) return count;
    } catch (error) {
      expect(error).toMatchObject({ code: 'RATE_LIMITED' });
      return count;
    }
  }
  return most;
}

describe('a limit that a service counts', () => {
  it('is each session’s own, for its window', async () => {
    const limits = limitsOf();
    expect(await passed(() => limits.countSession('tokenRefresh', 's1'), 99)).toBe(60);
    await limits.countSession('tokenRefresh', 's2');
    clock.advance(MINUTE_MS - 1);
    await expect(limits.countSession('tokenRefresh', 's1')).rejects.toMatchObject({ headers: { 'Retry-After': '1' } });
    clock.advance(1);
    await limits.countSession('tokenRefresh', 's1');
    expect((await store.consume('gh:rate:tokenRefresh:s:s2', { limit: 60, windowMs: 1 })).remaining).toBe(59);
  });

  it('is each address’s own, and each network’s', async () => {
    const limits = limitsOf();
    expect(await passed(() => limits.countAddress('register', '192.0.2.1'), 99)).toBe(20);
    await limits.countAddress('register', '192.0.2.2');
    const home = (index: number) => `2001:db8:0:${index}::1`;
    expect(await passed(() => limits.countAddress('register', home(1)), 99)).toBe(20);
    let index = 1;
    const next = () => limits.countAddress('register', home((index += 1)));
    expect(await passed(next, 999)).toBe(80);
    await expect(next()).rejects.toMatchObject({ headers: { 'Retry-After': String(HOUR_MS / 1_000) } });
    await limits.countAddress('register', '2001:db8:1::1');
  });

  it('is multiplied, and never below one', async () => {
    const hits = (multiplier: number, factor?: number) =>
      allowedHits(ROUTE_BUDGETS.register, settingsOf({ rateLimits: { multiplier } }), factor);
    expect(hits(1)).toBe(20);
    expect(hits(0.13)).toBe(2);
    expect(hits(0.001)).toBe(1);
    expect(hits(3)).toBe(60);
    expect(hits(3, 5)).toBe(300);
    const limits = limitsOf({ rateLimits: { multiplier: 0.1 } });
    expect(await passed(() => limits.countSession('tokenRefresh', 's1'), 99)).toBe(6);
    expect(await passed(() => limits.countAddress('register', '2001:db8::1'), 99)).toBe(2);
  });

  it('is named in development alone', () => {
    const refusal = (environment: AuthValues['environment']) =>
      rateLimited('register', settingsOf({ environment, trustedProxyHops: 0, redis: { url: 'redis://x' } }), 1_500);
    const named = refusal('development');
    expect(named.body.message).toBe(
      'Too many requests: the budget "register" allows 20 in 1 h by address. The option rateLimits.multiplier (now 1) ' +
        'multiplies it.',
    );
    expect(named.headers).toEqual({ 'Retry-After': '2' });
    for (const environment of ['test', 'production'] as const) {
      expect(refusal(environment).body.message).not.toContain('register');
      expect(refusal(environment)).toMatchObject({ code: 'RATE_LIMITED', headers: { 'Retry-After': '2' } });
    }
  });
});

describe('the windows of the throttler', () => {
  it('count in our store, and speak in whole seconds', async () => {
    const storage = new StateStoreThrottlerStorage(store);
    expect(await storage.increment('k', 1_500, 2)).toEqual({
      totalHits: 1,
      timeToExpire: 2,
      isBlocked: false,
      timeToBlockExpire: 0,
    });
    expect(await storage.increment('k', 1_500, 2)).toMatchObject({ totalHits: 2, isBlocked: false });
    clock.advance(600);
    expect(await storage.increment('k', 1_500, 2)).toEqual({
      totalHits: 3,
      timeToExpire: 1,
      isBlocked: true,
      timeToBlockExpire: 1,
    });
    expect(await store.consume('gh:rate:k', { limit: 2, windowMs: 1_500 })).toMatchObject({ allowed: false });
  });
});

describe('how much mail an account gets', () => {
  const mail = (index: number, more: object = {}) => ({
    kind: 'password-forgot',
    userId: 'u1',
    knownBrowser: false,
    entryId: `e${index}`,
    ...more,
  });

  it('is five an hour of one occasion, for known browsers and for others', async () => {
    const limits = new MailLimits(store, settingsOf());
    let entry = 0;
    const send = (more: object = {}) => passed(() => limits.allow(mail((entry += 1), more)), 99);
    expect(await send()).toBe(5);
    expect(await send({ knownBrowser: true })).toBe(5);
    expect(await send({ kind: 'magic-link' })).toBe(5);
    expect(await send({ userId: 'u2' })).toBe(5);
    expect(await send()).toBe(0);
    clock.advance(HOUR_MS);
    expect(await send()).toBe(5);
  });

  it('counts each entry once, and answers alike whenever it is tried again, for a day', async () => {
    const limits = new MailLimits(store, settingsOf());
    for (let times = 0; times < 9; times += 1) expect(await limits.allow(mail(0))).toBe(true);
    for (let index = 1; index < 5; index += 1) expect(await limits.allow(mail(index))).toBe(true);
    expect(await limits.allow(mail(5))).toBe(false);
    clock.advance(23 * HOUR_MS);
    expect(await limits.allow(mail(5))).toBe(false);
    clock.advance(HOUR_MS);
    expect(await limits.allow(mail(5))).toBe(true);
    expect(await store.get('gh:{dTE}:mail:e5')).toBe('allowed');
  });

  it('is multiplied, and never none', async () => {
    for (const [multiplier, most] of [
      [0.5, 2],
      [0.01, 1],
      [2, 10],
    ] as const) {
      store = new MemoryStateStore(clock);
      const limits = new MailLimits(store, settingsOf({ rateLimits: { multiplier } }));
      let entry = 0;
      expect(await passed(() => limits.allow(mail((entry += 1))), 99)).toBe(most);
    }
  });
});

describe('what a limit refuses', () => {
  it('is counted by handler and code, and nothing else is', () => {
    const counted: [string, MetricLabels][] = [];
    class Counter extends AuthMetrics {
      override count(name: string, labels: MetricLabels): void {
        counted.push([name, labels]);
      }
    }
    class Notes {
      list(): void {}
    }
    const context = { getClass: () => Notes, getHandler: () => Notes.prototype.list } as unknown as ExecutionContext;
    const refusals = new LimitRefusals(new Metrics(new Counter()));
    refusals.note(context, new AuthError('RATE_LIMITED'));
    refusals.note(context, new AuthError('FORBIDDEN'));
    expect(new AuthError('RATE_LIMITED')).toBeInstanceOf(HttpException);
    expect(counted).toEqual([['auth_refusals', { code: 'RATE_LIMITED', handler: 'Notes.list' }]]);
  });
});

describe('@RateLimit()', () => {
  it('refuses while the store is down, unless it says otherwise', () => {
    class Notes {
      @RateLimit('register')
      add(): void {}
      @RateLimit('confirm', { whenStoreIsDown: 'allow' })
      confirm(): void {}
    }
    const of = (method: () => void) => new Reflector().get(RATE_LIMIT, method);
    expect(of(Notes.prototype.add)).toEqual({ budget: 'register', whenStoreIsDown: 'refuse' });
    expect(of(Notes.prototype.confirm)).toEqual({ budget: 'confirm', whenStoreIsDown: 'allow' });
  });
});
