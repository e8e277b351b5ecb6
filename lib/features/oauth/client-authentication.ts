import { sign } from 'node:crypto';
import type { ClientAuth } from 'openid-client';
import { MINUTE_MS, SECOND_MS } from '../../common/duration.js';
import type { AppleKeySettings, OAuthProviderSettings } from '../../options/oauth-settings.js';
import type { OpenidClient } from './openid-client.provider.js';

const APPLE_AUDIENCE = 'https://appleid.apple.com';
const APPLE_SECRET_LIFE_MS = 5 * MINUTE_MS;

/** How the application proves to the provider which client it is. */
export function clientAuthentication(
  openid: OpenidClient,
  { appleKey, clientId, clientSecret, clientAuthentication: wanted }: OAuthProviderSettings,
  now: () => number,
): ClientAuth {
  if (appleKey !== undefined) {
    return (_server, _client, body) => {
      body.set('client_id', clientId);
      body.set('client_secret', appleClientSecret(appleKey, clientId, now()));
    };
  }
  if (clientSecret === undefined) return openid.None();
  const ways = { basic: openid.ClientSecretBasic(clientSecret), post: openid.ClientSecretPost(clientSecret) };
  return (server, ...rest) => {
    // RFC 8414 §2: metadata that say nothing mean `client_secret_basic`.
    const supported = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const way = wanted ?? (supported.includes('client_secret_basic') ? 'basic' : 'post');
    ways[way](server, ...rest);
  };
}

/** Apple's client secret: a JWT that the developer's key signs (ES256, RFC 7518 §3.4). */
export function appleClientSecret(
  { teamId, keyId, privateKey }: AppleKeySettings,
  clientId: string,
  nowMs: number,
): string {
  const seconds = (ms: number): number => Math.floor(ms / SECOND_MS);
  const claims = {
    iss: teamId,
    sub: clientId,
    aud: APPLE_AUDIENCE,
    iat: seconds(nowMs),
    exp: seconds(nowMs + APPLE_SECRET_LIFE_MS),
  };
  const data = `${part({ alg: 'ES256', kid: keyId })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(data), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${data}.${signature.toString('base64url')}`;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
