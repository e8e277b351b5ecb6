import { describe, expect, it } from 'vitest';
import type { StartUpError } from '../errors/start-up-error.js';
import { resolveSettings } from './resolve-options.js';

const GOOD = { secret: 'any', baseUrl: 'https://api.example.com' };

function keysOf(values: object): readonly string[] {
  try {
    resolveSettings({ ...GOOD, ...values }, { NODE_ENV: 'production' });
    return [];
  } catch (error) {
    return (error as StartUpError).problems.map((line) => line.split(': ')[0]!);
  }
}

describe('refused values', () => {
  it.each<[string, object]>([
    ['secrets.jwt', { secrets: { jwt: 'x' } }],
    ['secrets.csrf', { secrets: { csrf: 7 } }],
    ['baseUrl', { baseUrl: 'api.example.com' }],
    ['baseUrl', { baseUrl: 'ftp://api.example.com' }],
    ['baseUrl', { baseUrl: 'https://user:password@api.example.com' }],
    ['baseUrl', { baseUrl: 'https://api.example.com/?a=1' }],
    ['baseUrl', { baseUrl: 'https://api.example.com/#a' }],
    ['baseUrl', { baseUrl: 'https://api.example.com/?' }],
    ['appName', { appName: 7 }],
    ['origins', { origins: 'https://app.example.com' }],
    ['origins[0]', { origins: ['*'] }],
    ['origins[0]', { origins: ['https://*.example.com'] }],
    ['origins[0]', { origins: ['null'] }],
    ['origins[0]', { origins: [null] }],
    ['origins[0]', { origins: ['app.example.com'] }],
    ['origins[0]', { origins: ['https://app.example.com/path'] }],
    ['origins[0]', { origins: ['https://app.example.com//'] }],
    ['origins[0]', { origins: ['https://app.example.com?'] }],
    ['origins[0]', { origins: ['https://user@app.example.com'] }],
    ['origins[0]', { origins: ['file:///tmp'] }],
    ['origins[1]', { origins: ['https://app.example.com', 'x'] }],
    ['redis', { redis: {} }],
    ['redis', { redis: 'redis://localhost' }],
    ['redis.url', { redis: { url: 'http://localhost' } }],
    ['redis.url', { redis: { url: 'localhost:6379' } }],
    ['redis.cache', { redis: { cache: {} } }],
    ['redis', { redis: { url: 'redis://localhost', cache: { get: () => undefined } } }],
    ['redis.commandTimeout', { redis: { url: 'redis://localhost', commandTimeout: 300 } }],
    ['instances', { instances: 0 }],
    ['instances', { instances: 1.5 }],
    ['trustedProxyHops', { trustedProxyHops: -1 }],
    ['trustedProxyHops', { trustedProxyHops: 11 }],
    ['trustedProxyHops', { trustedProxyHops: Number.NaN }],
    ['trustedProxyHops', { trustedProxyHops: '1' }],
    ['sessions.idle', { sessions: { idle: '15min' } }],
    ['sessions.idle', { sessions: { idle: '1m' } }],
    ['sessions.idle', { sessions: { idle: '2d', absolute: '1d' } }],
    ['sessions.rememberIdle', { sessions: { rememberIdle: '31d' } }],
    ['sessions.fresh', { sessions: { fresh: '25h' } }],
    ['sessions.rememberAbsolute', { sessions: { rememberAbsolute: '401d' } }],
    ['sessions.cap', { sessions: { cap: 0 } }],
    ['cookies.sameSite', { cookies: { sameSite: 'None' } }],
    ['cookies.sameSite', { baseUrl: 'http://api.example.com', cookies: { sameSite: 'none' } }],
    ['cookies.domain', { cookies: { domain: 'example.org' } }],
    ['cookies.domain', { cookies: { domain: 'ample.com' } }],
    ['cookies.domain', { cookies: { domain: 'com' } }],
    ['cookies.domain', { cookies: { domain: 'example.com; Path=/' } }],
    ['cookies.xsrfCookie', { cookies: { xsrfCookie: 'yes' } }],
    ['passwords.minLength', { passwords: { minLength: 7 } }],
    ['passwords.minLength', { passwords: { minLength: 100, maxLength: 64 } }],
    ['passwords.maxLength', { passwords: { maxLength: 63 } }],
    ['passwords.cost', { passwords: { cost: 3 } }],
    ['passwords.cost', { passwords: { cost: 16 } }],
    ['passwords.concurrency', { passwords: { concurrency: 0 } }],
    ['passwords.composition[0]', { passwords: { composition: ['emoji'] } }],
    ['passwords.blocklist[0]', { passwords: { blocklist: [''] } }],
    ['registration.fields', { registration: { fields: ['name'] } }],
    ['registration.newUserDefaults', { registration: { newUserDefaults: [] } }],
    ['emailVerification', { emailVerification: 'yes' }],
    ['identifiers', { identifiers: [] }],
    ['identifiers[0]', { identifiers: [''] }],
    ['publicUserFields[0]', { publicUserFields: ['a b'] }],
    ['roles.default[0]', { roles: { default: [''] } }],
    ['roles.grants', { roles: { grants: [] } }],
    ['roles.grants.editor', { roles: { grants: { editor: '*' } } }],
    ['roles.grants.editor[1]', { roles: { grants: { editor: ['notes:*', 'notes'] } } }],
    ['roles.grants.editor[0]', { roles: { grants: { editor: ['*:read'] } } }],
    ['attempts.sharedAddresses[0]', { attempts: { sharedAddresses: ['192.0.2.1'] } }],
    ['attempts.sharedAddresses[0]', { attempts: { sharedAddresses: ['192.0.2.0/33'] } }],
    ['rateLimits.multiplier', { rateLimits: { multiplier: 0 } }],
    ['rateLimits.multiplier', { rateLimits: { multiplier: Infinity } }],
    ["checklist.accept['cookies.domain']", { checklist: { accept: { 'cookies.domain': ' ' } } }],
    ['checklist.accept.(unreadable key)', { checklist: { accept: { domain: 'reason' } } }],
    ['database.timeout', { database: { timeout: '6m' } }],
  ])('%s %o', (key, values) => {
    expect(keysOf(values)).toEqual([key]);
  });
});
