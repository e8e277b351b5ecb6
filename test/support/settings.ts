import { SystemClock, type Clock } from '../../lib/common/clock.js';
import { Keyring } from '../../lib/keys/keyring.js';
import type { AuthValues } from '../../lib/options/auth-options.js';
import type { AuthSettings } from '../../lib/options/auth-settings.js';
import { resolveSettings } from '../../lib/options/resolve-options.js';

const GIVEN = {
  secret: 'hM4vT9qLx2Rz7Wb0KcYd5NfJs8Pg3UaE6oIyQtXw1Zk',
  baseUrl: 'https://api.example.com',
  environment: 'test',
} as const;

/** The settings of an application that says no more than this, for services that are made without one. */
export function settingsOf(values: Partial<AuthValues> = {}): AuthSettings {
  return resolveSettings({ ...GIVEN, ...values });
}

export function keyringOf(values: Partial<AuthValues> = {}, clock: Clock = new SystemClock()): Keyring {
  return new Keyring(settingsOf(values), clock);
}

/** The values after a change of the secret: the one before is accepted. */
export const NEXT_SECRET = {
  secret: 'nB7cX2mK9qLs4Wd1ZtYv6RgHp8Jf3EuA0iOxCz5TbVw',
  acceptedSecrets: [{ secret: GIVEN.secret }],
} as const;
