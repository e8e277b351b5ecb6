import { generateKeyPairSync } from 'node:crypto';
import * as openid from 'openid-client';
import { jwtVerify, decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { apple, oidc, type OAuthProvider } from '../../options/oauth-options.js';
import { resolveSettings } from '../../options/resolve-options.js';
import { appleClientSecret, clientAuthentication } from './client-authentication.js';

const SECRET = 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function sent(provider: OAuthProvider, methods?: string[]): { body: URLSearchParams; header: string | null } {
  const oauth = { providers: { one: provider } };
  const { providers } = resolveSettings(
    { secret: SECRET, baseUrl: 'https://api.example.com', oauth },
    { NODE_ENV: 'test' },
  ).oauth;
  const [body, headers] = [new URLSearchParams(), new Headers()];
  const server = {
    issuer: 'https://id.example.com',
    ...(methods && { token_endpoint_auth_methods_supported: methods }),
  };
  clientAuthentication(openid, providers['one']!, () => Date.now())(server, { client_id: 'app' }, body, headers);
  return { body, header: headers.get('authorization') };
}

describe('client authentication', () => {
  const client = { issuer: 'https://id.example.com', clientId: 'app', clientSecret: 'a secret:1' };

  it.each([
    ['by header where nothing else is said', undefined, undefined, true],
    ['by header where both are taken', ['client_secret_post', 'client_secret_basic'], undefined, true],
    ['in the body where that alone is taken', ['client_secret_post'], undefined, false],
    ['as the option says', ['client_secret_post', 'client_secret_basic'], 'post' as const, false],
  ])('sends the secret %s', (_, methods, way, byHeader) => {
    const { body, header } = sent(oidc({ ...client, ...(way && { clientAuthentication: way }) }), methods);
    expect(header !== null).toBe(byHeader);
    expect(body.get('client_secret')).toBe(byHeader ? null : client.clientSecret);
  });

  it('sends no more than the id of a public client', () => {
    const { body, header } = sent(oidc({ issuer: client.issuer, clientId: 'app' }));
    expect([header, [...body]]).toEqual([null, [['client_id', 'app']]]);
  });

  it('signs what Apple takes for the secret, for five minutes', async () => {
    const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const { body } = sent(
      apple({ clientId: 'com.example.web', teamId: 'ABCDE12345', keyId: 'KEY1234567', privateKey: privatePem }),
    );
    const jwt = body.get('client_secret')!;
    const audience = 'https://appleid.apple.com';
    const { payload } = await jwtVerify(jwt, publicKey, { audience, issuer: 'ABCDE12345', subject: 'com.example.web' });
    expect(payload.exp! - payload.iat!).toBe(300);
    expect(decodeProtectedHeader(jwt)).toEqual({ alg: 'ES256', kid: 'KEY1234567' });
    const key = { teamId: 'ABCDE12345', keyId: 'KEY1234567', privateKey };
    expect(appleClientSecret(key, 'x', 0)).not.toBe(appleClientSecret(key, 'y', 0));
  });
});
