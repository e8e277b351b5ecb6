import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signedIn, type Person } from '../sessions/kit.js';
import { PASSWORD, type TestApp } from '../support/app.js';
import { API, PLACES, startOAuth, withBearer, type OAuthLab } from './oauth-kit.js';

const REDIRECT = 'http://127.0.0.1:9/callback';

describe.each(PLACES)('openid-client on $adapter, with a key of $kind', ({ adapter, kind }) => {
  let app: TestApp;
  let person: Person;
  let config: client.Configuration;
  let passwordGrant: OAuthLab['passwordGrant'];

  beforeAll(async () => {
    ({ app, person, config, passwordGrant } = await startOAuth({ adapter, kind }));
  });
  afterAll(() => app.close());

  it('gets tokens by the password grant, refreshes, narrows the scope, and is told apart when it reuses one', async () => {
    const first = await passwordGrant();
    expect(first).toMatchObject({ token_type: 'bearer', expires_in: 900, scope: 'notes:read notes:write' });
    expect(first.expiresIn()).toBeGreaterThan(800);
    const second = await client.refreshTokenGrant(config, first.refresh_token!);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const third = await client.refreshTokenGrant(config, second.refresh_token!, { scope: 'notes:read' });
    expect(third.scope).toBe('notes:read');
    await expect(client.refreshTokenGrant(config, first.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
      code: 'OAUTH_RESPONSE_BODY_ERROR',
    });
    await expect(client.refreshTokenGrant(config, third.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('calls protected routes with what it got', async () => {
    const { access_token } = await passwordGrant();
    const answer = await client.fetchProtectedResource(config, access_token, new URL(`${app.url}/auth/me`), 'GET');
    expect(answer.status).toBe(200);
    await expect(answer.json()).resolves.toMatchObject({ email: person.email });
    const refused = client.fetchProtectedResource(config, `${access_token}x`, new URL(`${app.url}/auth/me`), 'GET');
    await expect(refused).rejects.toMatchObject({
      cause: [{ scheme: 'bearer', parameters: { error: 'invalid_token' } }],
      status: 401,
    });
  });

  it('signs in with a code and PKCE that a signed-in browser fetched', async () => {
    const browser = await signedIn(app, person);
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT,
      scope: 'notes:read',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
    });
    const answer = await browser.get(url.pathname + url.search);
    const back = new URL(answer.headers.get('x-location')!);
    const checks = { pkceCodeVerifier: verifier, expectedState: state };
    const tokens = await client.authorizationCodeGrant(config, back, checks);
    expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'notes:read' });
    expect((await client.refreshTokenGrant(config, tokens.refresh_token!)).scope).toBe('notes:read');

    await expect(client.authorizationCodeGrant(config, back, checks)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await expect(
      client.tokenIntrospection(withBearer(config, tokens.access_token), tokens.access_token),
    ).rejects.toThrow();
  });

  it('is refused a code with the verifier of another', async () => {
    const browser = await signedIn(app, person);
    const challenge = await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier());
    const query = new URLSearchParams({
      redirect_uri: REDIRECT,
      code_challenge: challenge,
      state: 's',
      scope: 'notes:read',
    });
    const answer = await browser.get(`/authorize?${query.toString()}`);
    const back = new URL(answer.headers.get('x-location')!);
    const checks = { pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: 's' };
    await expect(client.authorizationCodeGrant(config, back, checks)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('introspects its own tokens and revokes them', async () => {
    const tokens = await passwordGrant('notes:read');
    const other = await passwordGrant('notes:read');
    const asking = withBearer(config, other.access_token);
    expect(await client.tokenIntrospection(asking, tokens.access_token)).toMatchObject({
      active: true,
      token_type: 'Bearer',
      iss: API,
      aud: API,
      sub: person.userId,
      scope: 'notes:read',
      client_id: 'app',
      exp: expect.any(Number),
    });
    expect(await client.tokenIntrospection(asking, tokens.refresh_token!)).toMatchObject({ active: true });
    await client.tokenRevocation(config, tokens.refresh_token!, { token_type_hint: 'refresh_token' });
    await client.tokenRevocation(config, 'never one of ours');
    expect(await client.tokenIntrospection(asking, tokens.access_token)).toEqual({ active: false });
    await expect(client.refreshTokenGrant(config, tokens.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it.each([
    [
      'a wrong password',
      () => client.genericGrantRequest(config, 'password', { username: person.email, password: 'wrong one' }),
      'invalid_grant',
    ],
    ['an unknown grant', () => client.genericGrantRequest(config, 'client_credentials', {}), 'unsupported_grant_type'],
    ['no user name', () => client.genericGrantRequest(config, 'password', { password: PASSWORD }), 'invalid_request'],
    ['an unknown scope', () => passwordGrant('notes:burn'), 'invalid_scope'],
    ['a refresh token of nobody', () => client.refreshTokenGrant(config, 'a.b.c'), 'invalid_grant'],
  ])('understands the refusal of %s', async (_what, ask, error) => {
    await expect(ask()).rejects.toMatchObject({
      code: 'OAUTH_RESPONSE_BODY_ERROR',
      error,
      error_description: expect.any(String),
    });
  });
});
