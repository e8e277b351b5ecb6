import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { settingsOf } from '../../test/support/settings.js';
import { ClientAddresses } from './client-addresses.service.js';
import { KnownDevices } from './known-devices.js';

const request = (headers: Record<string, string> = {}) => ({ headers, socket: { remoteAddress: '192.0.2.9' } });

describe('the address of a client', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each(['x-forwarded-for', 'x-real-ip', 'forwarded'])('is not what %s says without a proxy, told once', (name) => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    const addresses = new ClientAddresses(settingsOf({ trustedProxyHops: 0 }));
    expect(addresses.of(request()).address).toBe('192.0.2.9');
    expect(addresses.forwardedSeen).toBe(false);
    expect(warn).not.toHaveBeenCalled();
    expect(addresses.of(request({ [name]: '198.51.100.1', 'user-agent': 'x' }))).toEqual({
      address: '192.0.2.9',
      userAgent: 'x',
    });
    addresses.of(request({ [name]: '198.51.100.1' }));
    expect(addresses.forwardedSeen).toBe(true);
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      `A request carries ${name}, and trustedProxyHops is 0: the header is ignored. Behind a proxy every client has the ` +
        "proxy's address, and so one shared budget: set trustedProxyHops to the number of proxies. Logged once.",
    );
  });

  it('is what the proxy says that is trusted, and nothing is told', () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    const addresses = new ClientAddresses(settingsOf({ trustedProxyHops: 1 }));
    expect(addresses.of(request({ 'x-forwarded-for': '198.51.100.1' })).address).toBe('198.51.100.1');
    expect(addresses.forwardedSeen).toBe(false);
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('the accounts that a browser is known to', () => {
  const device = (userId: string, issuedAtMs = 1) => ({ userId, deviceId: `d-${userId}`, issuedAtMs });

  it('are five at most, latest first', () => {
    const known = new KnownDevices(['a', 'b', 'c', 'd', 'e'].map((userId) => device(userId)));
    const more = known.with('f', 9).toArray();
    expect(more.map(({ userId }) => userId)).toEqual(['f', 'a', 'b', 'c', 'd']);
    expect(more[0]).toEqual({ userId: 'f', deviceId: expect.stringMatching(/^[\w-]{22}$/), issuedAtMs: 9 });
    expect(known.isEmpty).toBe(false);
    expect(new KnownDevices([]).isEmpty).toBe(true);
  });

  it('keep their device, which is no other account’s', () => {
    const known = new KnownDevices([device('a'), device('b')]);
    expect(known.with('b', 9).toArray()).toEqual([{ ...device('b'), issuedAtMs: 9 }, device('a')]);
    expect(known.deviceFor('b')).toEqual(device('b'));
    expect(known.deviceFor('c')).toBeUndefined();
  });
});
