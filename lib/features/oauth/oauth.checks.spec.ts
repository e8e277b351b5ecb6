import { describe, expect, it } from 'vitest';
import type { AuthSettings } from '../../options/auth-settings.js';
import { github, oidc, type OAuthProvider } from '../../options/oauth-options.js';
import { resolveSettings } from '../../options/resolve-options.js';
import { OAuthChecks } from './oauth.checks.js';

const SECRET = 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC';
const GOOD = oidc({ issuer: 'https://id.example.com', clientId: 'app', clientSecret: 'only the provider knows' });

interface Setup {
  readonly baseUrl?: string;
  readonly provider?: OAuthProvider;
  readonly linkByVerifiedEmail?: boolean;
  readonly none?: boolean;
}

function settingsOf({ baseUrl = 'https://api.example.com', provider = GOOD, ...more }: Setup): AuthSettings {
  const { linkByVerifiedEmail = false, none = false } = more;
  const providers: Record<string, OAuthProvider> = none ? {} : { one: provider };
  const oauth = { providers, linkByVerifiedEmail };
  return resolveSettings({ secret: SECRET, baseUrl, oauth }, { NODE_ENV: 'test' });
}

const run = (id: string, setup: Setup = {}) =>
  new OAuthChecks(settingsOf(setup))
    .checks()
    .find((check) => check.id === id)
    ?.run();

describe('OAuthChecks', () => {
  it.each<[string, Setup, object]>([
    ['oauth.redirect', { baseUrl: 'http://api.example.com' }, { https: false, host: 'api.example.com' }],
    ['oauth.redirect', { baseUrl: 'https://10.1.2.3' }, { https: true, host: '10.1.2.3' }],
    ['oauth.redirect', { baseUrl: 'https://172.31.0.1' }, { https: true }],
    ['oauth.redirect', { baseUrl: 'https://[fd12:3456::1]' }, { https: true }],
    ['oauth.redirect', { baseUrl: 'https://localhost:3000' }, { https: true }],
    ['oauth.redirect', { baseUrl: 'https://api.corp.internal' }, { https: true }],
    ['oauth.redirect', { baseUrl: 'https://intranet' }, { https: true }],
    [
      'oauth.insecure-provider',
      { provider: oidc({ issuer: 'http://127.0.0.1:4000', clientId: 'app' }) },
      { hosts: ['127.0.0.1:4000'] },
    ],
    ['oauth.client-secret', { provider: github({ clientId: 'app' }) }, { without: 1 }],
    ['oauth.link-by-email', { linkByVerifiedEmail: true }, { providers: 1 }],
  ])('%s fires for %o', (id, setup, evidence) => {
    expect(run(id, setup)).toMatchObject({ status: 'finding', evidence });
  });

  it.each(['oauth.redirect', 'oauth.insecure-provider', 'oauth.client-secret', 'oauth.link-by-email'])(
    '%s is quiet on a good configuration, and where there is no provider',
    (id) => {
      expect(run(id)).toEqual({ status: 'passed' });
      expect(run(id, { none: true, baseUrl: 'http://localhost:3000', linkByVerifiedEmail: true })).toEqual({
        status: 'passed',
      });
    },
  );

  it.each(['https://8.8.8.8', 'https://172.32.0.1', 'https://[2001:db8::1]', 'https://api.example.com:8443'])(
    'oauth.redirect is quiet for %s',
    (baseUrl) => {
      expect(run('oauth.redirect', { baseUrl })).toEqual({ status: 'passed' });
    },
  );
});
