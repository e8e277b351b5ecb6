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

function protection(environment: AuthEnvironment, onCount: (labels: object) => void = () => {}): CsrfProtection {
  const settings = resolveSettings({
    secret: 'hM4vT9qLx2Rz7Wb0KcYd5NfJs8Pg3UaE6oIyQtXw1Zk',
    baseUrl: 'https://api.example.com',
    origins: ['https://app.example.com'],
    redis: { url: 'redis://127.0.0.1' },
    trustedProxyHops: 0,
    environment,
  });
  class Counter extends AuthMetrics {
    override count(name: string, labels: object): void {
      if (name === 'auth_csrf_failures') onCount(labels);
    }
  }
  const metrics = new Metrics(new Counter());
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

  it.each([
    [{}, undefined],
    [{ 'sec-fetch-site': 'same-origin' }, undefined],
    [{ 'sec-fetch-site': 'none' }, undefined],
    [{ 'sec-fetch-site': 'same-site' }, 'site'],
    [{ 'sec-fetch-site': 'cross-site' }, 'site'],
    [{ origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' }, undefined],
    [{ origin: 'https://api.example.com' }, undefined],
    [{ origin: 'https://app.example.com.evil.example' }, 'origin'],
    [{ origin: ['https://app.example.com'] }, 'origin'],
    [{ origin: 'null' }, 'origin'],
  ])('judges where a request of %o comes from, and counts what it refuses', (headers, reason) => {
    const counted: object[] = [];
    const csrf = protection('test', (labels) => counted.push(labels));
    const request = { headers: headers as Record<string, string> };
    expect(csrf.isOwnOrigin(request)).toBe(reason === undefined);
    expect(counted).toEqual([]);
    expect(refusal(() => csrf.checkOrigin(request)) === undefined).toBe(reason === undefined);
    expect(counted).toEqual(reason === undefined ? [] : [{ reason }]);
  });

  it('says outside production what was wrong, and no more than 200 characters of what was sent', () => {
    const csrf = protection('test');
    const details = (headers: Record<string, string>) =>
      refusal(() => csrf.check({ headers }, 'seed'))?.body as { message: string; details: unknown };
    expect(details({ origin: `https://${'x'.repeat(300)}` })).toMatchObject({
      message: 'The origin is not listed in the option "origins".',
      details: { origin: `https://${'x'.repeat(192)}`, option: 'origins' },
    });
    expect(details({ 'sec-fetch-site': 'cross-site' })).toMatchObject({
      message: 'The browser says that another site sent this request.',
      details: { site: 'cross-site' },
    });
    expect(details({ 'x-csrf-token': 'x' })).toMatchObject({
      message: 'The header X-CSRF-Token is missing or is not the one of this session.',
      details: { header: 'X-CSRF-Token' },
    });
  });

  it('takes the token by either name', () => {
    const csrf = protection('production');
    const token = csrf.csrfToken('seed');
    expect(refusal(() => csrf.check({ headers: { 'x-xsrf-token': token } }, 'seed'))).toBeUndefined();
    const both = { 'x-csrf-token': 'x', 'x-xsrf-token': token };
    expect(refusal(() => csrf.check({ headers: both }, 'seed'))).toBeInstanceOf(AuthError);
  });

  it('counts every method but GET, HEAD and OPTIONS as unsafe', () => {
    for (const method of ['GET', 'head', 'OPTIONS']) expect(isUnsafe({ method, headers: {} })).toBe(false);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'get x', '', undefined]) {
      expect(isUnsafe({ method, headers: {} })).toBe(true);
    }
  });
});
