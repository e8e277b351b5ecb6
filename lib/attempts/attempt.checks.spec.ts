import { describe, expect, it } from 'vitest';
import type { CheckOutcome } from '../checklist/check.js';
import { Clock } from '../common/clock.js';
import type { AuthSettings } from '../options/auth-settings.js';
import { MemoryStateStore } from '../store/memory-state-store.js';
import { AttemptChecks } from './attempt.checks.js';
import { ClientAddresses } from './client-addresses.service.js';

const good = {
  environment: 'production',
  trustedProxyHops: 0,
  trustedProxyHopsSaid: true,
  rateLimits: { multiplier: 1 },
};

class FixedClock extends Clock {
  override now(): number {
    return 1_800_000_000_000;
  }
}

function setup(values: object = {}) {
  const settings = { ...good, ...values } as unknown as AuthSettings;
  const addresses = new ClientAddresses(settings);
  const store = new MemoryStateStore(new FixedClock(), { rate: 1 });
  const checks = new AttemptChecks(settings, addresses, store).checks();
  const run = async (id: string): Promise<CheckOutcome> => checks.find((check) => check.id === id)!.run();
  return { addresses, checks, run, store };
}

describe('AttemptChecks', () => {
  it('is quiet on a good configuration', async () => {
    const { checks } = setup();
    for (const check of checks) expect(await check.run(), check.id).toEqual({ status: 'passed' });
  });

  it('refuses what opens a door, and warns of what may', () => {
    const { checks } = setup();
    expect(checks.map(({ id, area, severity }) => [id, area, severity])).toEqual([
      ['network.trusted-proxy-hops', 'network', 'refuse'],
      ['network.forwarded-header', 'network', 'warn'],
      ['attempts.rate-limits', 'attempts', 'refuse'],
      ['attempts.evictions', 'attempts', 'warn'],
    ]);
  });

  it('refuses trustedProxyHops not said in production, and shows both lines', async () => {
    const outcome = await setup({ trustedProxyHopsSaid: false }).run('network.trusted-proxy-hops');
    expect(outcome).toMatchObject({ status: 'finding', evidence: { said: false, trustedProxyHops: 0 } });
    expect(JSON.stringify(outcome)).toMatch(/trustedProxyHops: 0.*trustedProxyHops: 1.*2 behind two/);
    const outside = setup({ trustedProxyHopsSaid: false, environment: 'development' });
    expect(await outside.run('network.trusted-proxy-hops')).toEqual({ status: 'passed' });
  });

  it.each(['x-forwarded-for', 'x-real-ip', 'forwarded'])('warns of %s seen with 0 hops', async (header) => {
    const { addresses, run } = setup();
    expect(addresses.of({ headers: { [header]: '203.0.113.7' }, socket: { remoteAddress: '::1' } }).address).toBe(
      '::1',
    );
    expect(addresses.forwardedSeen).toBe(true);
    expect(await run('network.forwarded-header')).toMatchObject({
      status: 'finding',
      evidence: { forwardedSeen: true, trustedProxyHops: 0 },
      change: expect.stringMatching(/set `trustedProxyHops`.*accept the finding/) as string,
    });
  });

  it('is quiet about a forwarded header that is trusted', async () => {
    const { addresses, run } = setup({ trustedProxyHops: 1 });
    expect(addresses.of({ headers: { 'x-forwarded-for': '203.0.113.7' } }).address).toBe('203.0.113.7');
    expect(await run('network.forwarded-header')).toEqual({ status: 'passed' });
  });

  it('refuses route limits that are multiplied in production', async () => {
    const relaxed = { rateLimits: { multiplier: 1_000 } };
    expect(await setup(relaxed).run('attempts.rate-limits')).toMatchObject({
      status: 'finding',
      evidence: { multiplier: 1_000 },
    });
    const outside = setup({ ...relaxed, environment: 'development' });
    expect(await outside.run('attempts.rate-limits')).toEqual({ status: 'passed' });
  });

  it('warns of counters that a full store has evicted', async () => {
    const { run, store } = setup();
    for (const key of ['gh:rate:a', 'gh:rate:b']) await store.consume(key, { limit: 5, windowMs: 60_000 });
    expect(await run('attempts.evictions')).toMatchObject({ status: 'finding', evidence: { rate: 1, attempts: 0 } });
  });
});
