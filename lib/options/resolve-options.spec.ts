import { inspect } from 'node:util';
import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StartUpError } from '../errors/start-up-error.js';
import type { AuthValues } from './auth-options.js';
import { resolveSettings } from './resolve-options.js';

const GOOD: AuthValues = { secret: 'q3Vw8nZr1TtXy6Lk0BhJd5Fg2Sa9PoIuEeRrWwQqMmN', baseUrl: 'https://api.example.com' };
const PRODUCTION = { NODE_ENV: 'production' };
const DEVELOPMENT = { NODE_ENV: 'development' };

function problemsOf(values: object, env: NodeJS.ProcessEnv = PRODUCTION): readonly string[] {
  try {
    resolveSettings(values as AuthValues, env);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(StartUpError);
    return (error as StartUpError).problems;
  }
}

const keysOf = (values: object, env?: NodeJS.ProcessEnv) =>
  problemsOf({ ...GOOD, ...values }, env).map((line) => line.split(': ')[0]);

describe('defaults', () => {
  it('are those of the documentation', () => {
    expect(resolveSettings(GOOD, { ...PRODUCTION, UV_THREADPOOL_SIZE: '8' })).toMatchObject({
      environment: 'production',
      secure: true,
      appName: 'app',
      origins: ['https://api.example.com'],
      redis: undefined,
      instances: 1,
      trustedProxyHops: 0,
      trustedProxyHopsSaid: false,
      sessions: {
        idleMs: 1_800_000,
        absoluteMs: 86_400_000,
        rememberIdleMs: 14 * 86_400_000,
        rememberAbsoluteMs: 30 * 86_400_000,
        freshMs: 300_000,
        cap: 10,
      },
      cookies: { sameSite: 'lax', domain: undefined, xsrfCookie: false },
      passwords: { minLength: 15, maxLength: 128, cost: 12, concurrency: 7, queue: 64, composition: [] },
      registration: { enabled: true, fields: undefined, newUserDefaults: {} },
      emailVerification: 'required',
      identifiers: ['email'],
      roles: { default: [], grants: { admin: ['*'] } },
      rateLimits: { multiplier: 1 },
      checklist: { accept: {} },
      database: { timeoutMs: 5_000 },
      testing: false,
    });
  });

  it.each([
    [undefined, 3],
    ['1', 1],
    ['many', 3],
  ])('hash on one thread less than the pool has (%s)', (size, concurrency) => {
    const env = { ...PRODUCTION, ...(size === undefined ? {} : { UV_THREADPOOL_SIZE: size }) };
    expect(resolveSettings(GOOD, env).passwords.concurrency).toBe(concurrency);
  });
});

describe('environment', () => {
  it.each([
    ['production', 'http://localhost', 'production'],
    ['development', 'https://api.example.com', 'development'],
    ['test', 'https://api.example.com', 'test'],
    [undefined, 'https://api.example.com', 'production'],
    ['staging', 'https://api.example.com', 'production'],
    ['', 'https://api.example.com', 'production'],
    [undefined, 'http://localhost:3000', 'development'],
    [undefined, 'http://127.0.0.1', 'development'],
    [undefined, 'http://[::1]', 'development'],
    [undefined, 'http://localhost.example.com', 'production'],
    [undefined, 'http://127.0.0.1.example.com', 'production'],
    [undefined, 'http://0.0.0.0', 'production'],
  ])('NODE_ENV %s at %s is %s', (nodeEnv, baseUrl, environment) => {
    const env = nodeEnv === undefined ? {} : { NODE_ENV: nodeEnv };
    expect(resolveSettings({ ...GOOD, baseUrl }, env).environment).toBe(environment);
  });

  it('can be said, but not against a NODE_ENV of production', () => {
    expect(resolveSettings({ ...GOOD, environment: 'production' }, DEVELOPMENT).environment).toBe('production');
    expect(keysOf({ environment: 'development' })).toEqual(['environment']);
    expect(keysOf({ environment: 'prod' })).toEqual(['environment']);
  });
});

describe('one error lists every problem', () => {
  it('with the key to set', () => {
    const problems = problemsOf({ sesions: {}, origins: ['*'], passwords: { minLength: 4, maxLenght: 9 } });
    expect(problems).toHaveLength(6);
    expect(problems).toEqual([
      'sesions: is no option. Did you mean sessions?',
      expect.stringMatching(/^secret: is missing\. Make one with: node -e /),
      expect.stringMatching(/^baseUrl: is missing\. Say where/),
      expect.stringMatching(/^origins\[0\]: must be one exact origin/),
      'passwords.maxLenght: is no option. Did you mean passwords.maxLength?',
      'passwords.minLength: must be a whole number from 8 to 128.',
    ]);
  });

  it('those of the structure among them', () => {
    const structure = { userEntity: undefined as never, path: 'auth' };
    const resolve = () => resolveSettings({} as AuthValues, PRODUCTION, { structure });
    expect(resolve).toThrow(/userEntity: is missing[^]*path: must be[^]*secret: is missing/);
  });

  it('and says where structure belongs', () => {
    expect(problemsOf({ ...GOOD, path: '/auth' })).toEqual([
      'path: shapes the module: give it to forRoot or forRootAsync itself.',
    ]);
  });
});

describe('a secret is needed everywhere', () => {
  it.each([PRODUCTION, DEVELOPMENT, { NODE_ENV: 'test' }])('%o', (env) => {
    for (const secret of [undefined, '', '   ', 7, null]) expect(keysOf({ secret }, env)).toEqual(['secret']);
  });
});

describe('accepted values', () => {
  it('normalises origins and adds the own one first', () => {
    const origins = ['https://App.example.com/', 'https://app.example.com:443', 'http://localhost:5173'];
    expect(resolveSettings({ ...GOOD, origins }, PRODUCTION).origins).toEqual([
      'https://api.example.com',
      'https://app.example.com',
      'http://localhost:5173',
    ]);
  });

  it('keeps the path of baseUrl without its last slash', () => {
    expect(resolveSettings({ ...GOOD, baseUrl: 'https://example.com/api/' }, PRODUCTION).baseUrl.href).toBe(
      'https://example.com/api',
    );
  });

  it('reads grants without a prototype', () => {
    const { grants } = resolveSettings({
      ...GOOD,
      roles: { grants: { editor: ['notes:*', 'notes:read', '*'] } },
    }).roles;
    expect(grants).toEqual({ editor: ['notes:*', 'notes:read', '*'] });
    expect(grants['constructor']).toBeUndefined();
  });

  it('takes networks, a cookie domain, hops and the testing flag', () => {
    const values: AuthValues = {
      ...GOOD,
      attempts: { sharedAddresses: ['192.0.2.0/24', '2001:db8::/32'] },
      cookies: { domain: '.Example.com', sameSite: 'none' },
      trustedProxyHops: 0,
    };
    const settings = resolveSettings(values, PRODUCTION, { testing: true });
    expect(settings.attempts.sharedAddresses).toEqual(['192.0.2.0/24', '2001:db8::/32']);
    expect(settings.cookies.domain).toBe('example.com');
    expect(settings).toMatchObject({ trustedProxyHops: 0, trustedProxyHopsSaid: true, testing: true });
  });
});

describe('a key without a value', () => {
  const log = vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
  afterEach(() => void log.mockClear());

  it.each<[string, object]>([
    ['redis.url', { redis: { url: undefined } }],
    ['redis.url', { redis: { url: '' } }],
    ['redis', { redis: undefined }],
    ['appName', { appName: undefined }],
    ['trustedProxyHops', { trustedProxyHops: undefined }],
    ['secrets.csrf', { secrets: { csrf: undefined } }],
    ['environment', { environment: undefined }],
    ['cookies.domain', { cookies: { domain: '' } }],
  ])('is refused in production: %s', (key, values) => {
    expect(keysOf(values)).toEqual([key]);
  });

  it('means the default in development, where memory is said', () => {
    expect(resolveSettings({ ...GOOD, redis: { url: undefined }, appName: undefined }, DEVELOPMENT)).toMatchObject({
      redis: undefined,
      appName: 'app',
    });
    expect(log.mock.calls.flat().join()).toMatch(/redis\.url .* memory/);
  });
});

describe('nothing of a value is shown', () => {
  const M = 'MARKER';

  it('by the error', () => {
    const problems = problemsOf({
      secret: { value: M },
      secrets: { [`${M} key`]: M, csrf: [M] },
      baseUrl: `ftp://${M}:${M}@${M}.example/${M}?${M}#${M}`,
      origins: [`https://${M}:${M}@example.com`, M],
      redis: { url: `http://${M}:${M}@${M}` },
      sessions: { idle: M },
      cookies: { domain: `${M} ${M}`, sameSite: M },
      roles: { grants: { [`${M} role`]: [M] } },
      checklist: { accept: { [M]: M } },
      environment: M,
      emailVerification: M,
      [`${M} ${M}`]: M,
    });
    expect(problems.length).toBeGreaterThan(12);
    expect(problems.join('\n')).not.toMatch(/marker/i);
  });

  it('by the settings themselves', () => {
    const settings = resolveSettings({ ...GOOD, redis: { url: 'redis://:MARKER@localhost' } }, PRODUCTION);
    const shown = [JSON.stringify({ settings }), inspect({ settings }, { depth: 9, showHidden: true })];
    expect(shown.join()).not.toMatch(new RegExp(`MARKER|${GOOD.secret}`));
    expect(settings.secret).toBe(GOOD.secret);
  });
});
