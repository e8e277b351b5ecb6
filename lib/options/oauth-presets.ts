import type { OAuthProviderKind } from './oauth-options.js';
import type { OAuthEndpoints } from './oauth-settings.js';

interface Preset {
  readonly issuer: string;
  readonly scopes: readonly string[];
  readonly endpoints?: OAuthEndpoints;
  readonly clientAuthentication?: 'basic' | 'post';
}

const OPENID = ['openid', 'email', 'profile'] as const;
/** Microsoft's own tenant of personal accounts: its metadata name it by this id alone. */
const CONSUMERS_TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad';

/** What is known of a provider by its kind. */
export function presetOf(kind: OAuthProviderKind, given: Readonly<Record<string, unknown>>): Preset {
  const text = (key: string): string => (typeof given[key] === 'string' ? given[key] : '');
  switch (kind) {
    case 'google':
      return { issuer: 'https://accounts.google.com', scopes: OPENID };
    case 'microsoft':
      return { issuer: microsoftIssuer(text('tenant')), scopes: OPENID };
    case 'apple':
      return { issuer: 'https://appleid.apple.com', scopes: ['openid', 'name', 'email'] };
    case 'gitlab':
    case 'oidc':
      return { issuer: text('issuer'), scopes: OPENID };
    case 'github':
      return githubAt(text('url').replace(/(?<!\/)\/+$/, ''));
    case 'discord':
      return DISCORD;
    case 'facebook':
      return FACEBOOK;
    case 'oauth2': {
      const authorization = text('authorizationUrl');
      const endpoints = { authorization, token: text('tokenUrl'), userInfo: text('userInfoUrl') };
      return { issuer: text('issuer') || authorization, scopes: [], endpoints, clientAuthentication: 'basic' };
    }
  }
}

const DISCORD: Preset = {
  issuer: 'https://discord.com',
  scopes: ['identify', 'email'],
  endpoints: {
    authorization: 'https://discord.com/oauth2/authorize',
    token: 'https://discord.com/api/oauth2/token',
    userInfo: 'https://discord.com/api/users/@me',
  },
  clientAuthentication: 'post',
};

const FACEBOOK: Preset = {
  issuer: 'https://www.facebook.com',
  scopes: ['public_profile', 'email'],
  endpoints: {
    authorization: 'https://www.facebook.com/v23.0/dialog/oauth',
    token: 'https://graph.facebook.com/v23.0/oauth/access_token',
    userInfo: 'https://graph.facebook.com/v23.0/me?fields=id,name,email',
  },
  clientAuthentication: 'post',
};

function microsoftIssuer(tenant: string): string {
  return `https://login.microsoftonline.com/${tenant === 'consumers' ? CONSUMERS_TENANT : tenant}/v2.0`;
}

function githubAt(url: string): Preset {
  const api = url === 'https://github.com' ? 'https://api.github.com' : `${url}/api/v3`;
  return {
    // What GitHub sends as `iss` (RFC 9207).
    issuer: `${url}/login/oauth`,
    scopes: ['read:user', 'user:email'],
    endpoints: {
      authorization: `${url}/login/oauth/authorize`,
      token: `${url}/login/oauth/access_token`,
      userInfo: `${api}/user`,
      emails: `${api}/user/emails`,
    },
    clientAuthentication: 'post',
  };
}
