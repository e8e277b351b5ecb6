import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AuthValues } from './auth-options.js';
import { apple, github, gitlab, google, microsoft, oauth2, oidc, type OAuthOptions } from './oauth-options.js';
import { resolveSettings } from './resolve-options.js';

const SECRET = 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC';
const pem = (namedCurve: string): string =>
  generateKeyPairSync('ec', { namedCurve }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const resolve = (oauth: unknown, more: Partial<AuthValues> = {}) =>
  resolveSettings(
    { secret: SECRET, baseUrl: 'https://api.example.com', ...more, oauth: oauth as OAuthOptions },
    { NODE_ENV: 'test' },
  ).oauth;

function problemsOf(oauth: unknown): string {
  try {
    resolve(oauth);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

const id = { clientId: 'app', clientSecret: 'only the provider knows' };
const plain = {
  ...id,
  authorizationUrl: 'https://id.example.com/authorize?tenant=1',
  tokenUrl: 'https://id.example.com/token',
  userInfoUrl: 'https://id.example.com/me',
  profile: () => ({ subject: '1' }),
};

describe('the option oauth', () => {
  it('fills in what is known of each kind', () => {
    const { providers } = resolve({
      providers: {
        google: google(id),
        github: github({ ...id, url: 'https://git.example.com' }),
        gitlab: gitlab(id),
        personal: microsoft({ ...id, tenant: 'consumers' }),
        work: microsoft(id),
        own: oidc({ ...id, issuer: 'http://localhost:4000' }),
        plain: oauth2(plain),
        apple: apple({ clientId: 'app', teamId: 'ABCDE12345', keyId: 'KEY1234567', privateKey: pem('P-256') }),
      },
    });
    const known = Object.values(providers).map(({ name, issuer, scopes }) => [name, issuer, scopes.join(' ')]);
    expect(known).toEqual([
      ['google', 'https://accounts.google.com', 'openid email profile'],
      ['github', 'https://git.example.com/login/oauth', 'read:user user:email'],
      ['gitlab', 'https://gitlab.com', 'openid email profile'],
      ['personal', expect.stringMatching(/\.com\/[0-9a-f-]{36}\/v2\.0$/), 'openid email profile'],
      ['work', 'https://login.microsoftonline.com/common/v2.0', 'openid email profile'],
      ['own', 'http://localhost:4000', 'openid email profile'],
      ['plain', 'https://id.example.com/authorize?tenant=1', ''],
      ['apple', 'https://appleid.apple.com', 'openid name email'],
    ]);
    expect(providers['github']?.endpoints?.emails).toBe('https://git.example.com/api/v3/user/emails');
    expect(providers['constructor']).toBeUndefined();
  });

  it('lets strangers register where registration does, unless it says otherwise', () => {
    expect(resolve({}).registration).toBe(true);
    expect(resolve({}, { registration: { enabled: false } }).registration).toBe(false);
    expect(resolve({ registration: true }, { registration: { enabled: false } }).registration).toBe(true);
  });

  it.each<[string, unknown, string]>([
    ['a name with a slash', { 'a/b': google(id) }, 'must have a name'],
    ['a name in capitals', { Google: google(id) }, 'must have a name'],
    ['something that no maker makes', { one: { ...id } }, 'must be made by one of google'],
    ['no client id', { one: google({ clientId: undefined }) }, 'one.clientId: is missing'],
    [
      'a secret without a value',
      { one: google({ ...id, clientSecret: undefined }) },
      'one.clientSecret: is there without',
    ],
    ['an unknown key', { one: { kind: 'google', ...id, issuer: 'https://evil.example' } }, 'one.issuer: is no option'],
    ['an issuer over http', { one: oidc({ ...id, issuer: 'http://id.example.com' }) }, 'must begin with https://'],
    [
      'an issuer with a query',
      { one: oidc({ ...id, issuer: 'https://id.example.com/?a=1' }) },
      'must not carry a query',
    ],
    ['an issuer with a user', { one: oidc({ ...id, issuer: 'https://u:p@id.example.com' }) }, 'must not carry a user'],
    ['a tenant that is none', { one: microsoft({ ...id, tenant: '../evil' }) }, 'one.tenant: must be'],
    [
      'a token address over http',
      { one: oauth2({ ...plain, tokenUrl: 'http://id.example.com' }) },
      'one.tokenUrl: must',
    ],
    ['no profile', { one: oauth2({ ...plain, profile: undefined as never }) }, 'one.profile: is missing'],
    ['a scope with a space', { one: google({ ...id, scopes: ['openid email'] }) }, 'one.scopes: must be a list'],
    ['its own state', { one: google({ ...id, authorizationParameters: { state: 'x' } }) }, 'must not set state'],
    [
      'a key of another curve',
      { one: apple({ clientId: 'a', teamId: 'ABCDE12345', keyId: 'KEY1234567', privateKey: pem('P-384') }) },
      'one.privateKey: must be',
    ],
  ])('refuses %s', (_, providers, complaint) => {
    const problems = problemsOf({ providers });
    expect(problems).toContain(complaint);
    expect(problems).not.toContain(id.clientSecret);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', 'http://app.example.com/cb', 'com.example.app:/cb#x', '/cb'])(
    'refuses the native redirect %s',
    (redirect) => {
      expect(problemsOf({ nativeRedirects: [redirect] })).toContain('oauth.nativeRedirects[0]');
    },
  );

  it('takes schemes, loopback and https as native redirects', () => {
    const nativeRedirects = ['com.example.app:/cb', 'http://127.0.0.1/cb', 'https://app.example.com/native'];
    expect(resolve({ nativeRedirects }).nativeRedirects).toEqual(nativeRedirects);
  });
});
