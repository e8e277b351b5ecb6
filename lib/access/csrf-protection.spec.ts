import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AuthError } from '../errors/auth-error.js';
import { SystemClock } from '../common/clock.js';
import { AuthMetrics } from '../events/auth-metrics.js';
import { Metrics } from '../events/metrics.service.js';
import { Keyring } from '../keys/keyring.js';
import type { AuthEnvironment } from '../options/auth-options.js';
import { resolveSettings } from '../options/resolve-options.js';
import { CsrfProtection, isUnsafe } from './csrf-protection.js';

function protection(environment: AuthEnvironment): CsrfProtection {
  const settings = resolveSettings({
    secret: 'hM4vT9qLx2Rz7Wb0KcYd5NfJs8Pg3UaE6oIyQtXw1Zk',
    baseUrl: 'https://api.example.com',
    origins: ['https://app.example.com'],
    redis: { url: 'redis://127.0.0.1' },
    trustedProxyHops: 0,
    environment,
  });
  const metrics = new Metrics(new AuthMetrics());
  return new CsrfProtection(settings, new Keyring(settings, new SystemClock()), metrics);
}

function refusal(check: () => void): AuthError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return error as AuthError;
  }
}

describe('CsrfProtection', () => {
  afterEach(() => vi.restoreAllMocks());

  it('lets pages on this machine pass outside production alone, and says so once', () => {
    const log = vi.spyOn(Logger.prototype, 'log').mockReturnValue(undefined);
    const development = protection('development');
    for (const origin of ['http://localhost:5173', 'http://127.0.0.1:3000', 'http://[::1]:1', 'http://a.localhost']) {
      const request = { headers: { origin } };
      expect(refusal(() => development.checkOrigin(request))).toBeUndefined();
      expect(refusal(() => protection('production').checkOrigin(request))).toBeInstanceOf(AuthError);
    }
    expect(log).toHaveBeenCalledTimes(1);
    for (const origin of ['http://localhost.evil.example', 'http://127.0.0.1.evil.example', 'localhost', 'http://']) {
      expect(refusal(() => development.checkOrigin({ headers: { origin } }))).toBeInstanceOf(AuthError);
    }
  });

  it('tells production clients nothing but the code', () => {
    const error = refusal(() => protection('production').checkOrigin({ headers: { origin: 'https://evil.example' } }))!;
    expect(error.body).toEqual({
      statusCode: 403,
      error: 'Forbidden',
      code: 'CSRF_FAILED',
      message: 'The request did not come from a page of this application.',
    });
  });

  it('accepts a token with its own seed alone, and no repeated header', () => {
    const csrf = protection('production');
    const headers = { 'x-csrf-token': csrf.csrfToken('seed') };
    expect(refusal(() => csrf.check({ headers }, 'seed'))).toBeUndefined();
    expect(refusal(() => csrf.check({ headers }, 'other'))).toBeInstanceOf(AuthError);
    const repeated = { 'x-csrf-token': [headers['x-csrf-token'], headers['x-csrf-token']] };
    expect(refusal(() => csrf.check({ headers: repeated }, 'seed'))).toBeInstanceOf(AuthError);
  });

  it('counts every method but GET, HEAD and OPTIONS as unsafe', () => {
    for (const method of ['GET', 'head', 'OPTIONS']) expect(isUnsafe({ method, headers: {} })).toBe(false);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'get x', '', undefined]) {
      expect(isUnsafe({ method, headers: {} })).toBe(true);
    }
  });
});
