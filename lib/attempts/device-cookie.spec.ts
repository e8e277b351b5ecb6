import { beforeEach, describe, expect, it } from 'vitest';
import { Clock, SystemClock } from '../common/clock.js';
import { DAY_MS } from '../common/duration.js';
import { Keyring } from '../keys/keyring.js';
import type { AuthSettings } from '../options/auth-settings.js';
import { DeviceCookie } from './device-cookie.js';

class TestClock extends Clock {
  time = 1_800_000_000_000;

  override now(): number {
    return this.time;
  }
}

function keyring(secret = 'v7Qk2mXw9TzR4bNc8JpL6hYd3FsG5aUe'): Keyring {
  return new Keyring({ secret, secrets: {}, acceptedSecrets: [] } as unknown as AuthSettings, new SystemClock());
}

let clock: TestClock;
let cookie: DeviceCookie;

beforeEach(() => {
  clock = new TestClock();
  cookie = new DeviceCookie(keyring(), clock);
});

function signedInTo(...userIds: string[]): string {
  return userIds.reduce<string>((value, userId) => cookie.withDevice(cookie.read(value), userId), '');
}

describe('DeviceCookie', () => {
  it('is known to the accounts it was issued for', () => {
    const known = cookie.read(signedInTo('u1', 'u2'));
    expect(known.deviceFor('u1')?.deviceId).toMatch(/^[\w-]{22}$/);
    expect(known.deviceFor('u2')?.deviceId).not.toBe(known.deviceFor('u1')?.deviceId);
    expect(known.deviceFor('u3')).toBeUndefined();
    expect(known.deviceFor('__proto__')).toBeUndefined();
  });

  it('keeps the device id of an account that signs in again', () => {
    const first = signedInTo('u1', 'u2');
    const again = cookie.withDevice(cookie.read(first), 'u1');
    expect(cookie.read(again).deviceFor('u1')?.deviceId).toBe(cookie.read(first).deviceFor('u1')?.deviceId);
    expect(cookie.read(again).toArray()).toHaveLength(2);
  });

  it('gives every browser an id of its own', () => {
    expect(cookie.read(signedInTo('u1')).deviceFor('u1')?.deviceId).not.toBe(
      cookie.read(signedInTo('u1')).deviceFor('u1')?.deviceId,
    );
  });

  it('lists at most five accounts and forgets the one unused longest', () => {
    let value = signedInTo('u1', 'u2', 'u3', 'u4', 'u5');
    value = cookie.withDevice(cookie.read(value), 'u1');
    value = cookie.withDevice(cookie.read(value), 'u6');
    const users = cookie
      .read(value)
      .toArray()
      .map(({ userId }) => userId);
    expect(users).toEqual(['u6', 'u1', 'u5', 'u4', 'u3']);
  });

  it('ends 400 days after the last sign-in, whatever the browser keeps', () => {
    const value = signedInTo('u1');
    clock.time += 399 * DAY_MS;
    const renewed = cookie.withDevice(cookie.read(value), 'u2');
    clock.time += DAY_MS;
    expect(cookie.read(value).isEmpty).toBe(true);
    expect(cookie.read(renewed).deviceFor('u1')).toBeUndefined();
    expect(cookie.read(renewed).deviceFor('u2')).toBeDefined();
  });

  it('counts as absent when anything about it is altered', () => {
    const value = signedInTo('u1');
    for (let index = 0; index < value.length; index += 1) {
      const other = value[index] === 'A' ? 'B' : 'A';
      expect(cookie.read(value.slice(0, index) + other + value.slice(index + 1)).isEmpty).toBe(true);
    }
  });

  it('cannot be made from another account’s cookie', () => {
    const [, kid, mac] = signedInTo('attacker').split('.');
    const forged = Buffer.from(JSON.stringify([['u1', 'x'.repeat(22), clock.now()]])).toString('base64url');
    expect(cookie.read(`${forged}.${kid}.${mac}`).isEmpty).toBe(true);
  });

  it('does not take what was signed for another purpose or with another secret', () => {
    const payload = signedInTo('u1').split('.')[0]!;
    expect(cookie.read(`${payload}.${keyring().sign('session-cookie', payload)}`).isEmpty).toBe(true);
    const stranger = keyring('B8xK3pWm6TqZ9rVc2JnL5hYd7FsG4aUe');
    expect(cookie.read(`${payload}.${stranger.sign('device-cookie', payload)}`).isEmpty).toBe(true);
  });

  it('is signed anew when another key signed it, and then lists the same accounts', () => {
    const value = signedInTo('u1', 'u2');
    const [before, now] = ['v7Qk2mXw9TzR4bNc8JpL6hYd3FsG5aUe', 'B8xK3pWm6TqZ9rVc2JnL5hYd7FsG4aUe'];
    const settings = {
      secret: now,
      secrets: {},
      acceptedSecrets: [{ secret: before, use: 'all' }],
    } as unknown as AuthSettings;
    const rotated = new DeviceCookie(new Keyring(settings, new SystemClock()), clock);
    expect(cookie.renewed(value)).toBeUndefined();
    const renewed = rotated.renewed(value)!;
    expect(renewed).not.toBe(value);
    expect(rotated.read(renewed).toArray()).toEqual(cookie.read(value).toArray());
    expect(rotated.renewed(renewed)).toBeUndefined();
    const payload = value.split('.')[0]!;
    for (const none of [
      undefined,
      '',
      '.',
      `.${value.slice(value.indexOf('.'))}`,
      payload,
      value + 'x'.repeat(4_096),
    ]) {
      expect(rotated.renewed(none)).toBeUndefined();
    }
  });

  it.each([
    undefined,
    '',
    '.',
    '..',
    '...',
    'null',
    '[].x.y',
    '\u0000',
    'ü.ü.ü',
    'a'.repeat(1_000_000),
    `.${'.'.repeat(5_000)}`,
  ])('counts as absent: %.20j', (value) => {
    expect(cookie.read(value).isEmpty).toBe(true);
  });
});
