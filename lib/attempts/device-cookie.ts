import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DAY_MS } from '../common/duration.js';
import { Keyring } from '../keys/keyring.js';
import { KnownDevices, type KnownDevice } from './known-devices.js';

/** Life of the device cookie: the longest that browsers keep one (RFC 6265bis §5.5). */
export const DEVICE_COOKIE_MAX_AGE_MS = 400 * DAY_MS;

const MAX_LENGTH = 4_096;

/**
 * Value of the device cookie, which is also the `device_token` of clients without a cookie jar: a signed list of the
 * accounts that a browser is known to, `payload.kid.MAC`. It proves nothing but that wrong passwords from this browser
 * are counted apart.
 */
@Injectable()
export class DeviceCookie {
  constructor(
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  /** The accounts that a browser is known to. A value that is absent, altered or too old means none. */
  read(value: string | undefined): KnownDevices {
    if (value === undefined || value.length > MAX_LENGTH) return new KnownDevices([]);
    const dot = value.indexOf('.');
    const payload = value.slice(0, dot);
    if (dot < 1 || !this.keyring.verify('device-cookie', value.slice(dot + 1), payload)) return new KnownDevices([]);
    const oldest = this.clock.now() - DEVICE_COOKIE_MAX_AGE_MS;
    return new KnownDevices(decode(payload).filter((device) => device.issuedAtMs > oldest));
  }

  /** The same value under the current key, when another signed it; `undefined` when there is nothing to do. */
  renewed(value: string | undefined): string | undefined {
    if (value === undefined || value.length > MAX_LENGTH) return undefined;
    const dot = value.indexOf('.');
    const payload = value.slice(0, dot);
    if (dot < 1 || !this.keyring.isOutdated('device-cookie', value.slice(dot + 1), payload)) return undefined;
    return `${payload}.${this.keyring.sign('device-cookie', payload)}`;
  }

  /** The new value for a browser whose sign-in to this account has passed its last factor. */
  withDevice(known: KnownDevices, userId: string): string {
    const payload = encode(known.with(userId, this.clock.now()));
    return `${payload}.${this.keyring.sign('device-cookie', payload)}`;
  }
}

function encode(known: KnownDevices): string {
  const entries = known.toArray().map(({ userId, deviceId, issuedAtMs }) => [userId, deviceId, issuedAtMs]);
  return Buffer.from(JSON.stringify(entries), 'utf8').toString('base64url');
}

/** Only of a payload whose signature is good. */
function decode(payload: string): readonly KnownDevice[] {
  const entries = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as [string, string, number][];
  return entries.map(([userId, deviceId, issuedAtMs]) => ({ userId, deviceId, issuedAtMs }));
}
