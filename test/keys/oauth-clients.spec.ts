import { Controller, Get, Query, Res } from '@nestjs/common';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Auth, CurrentPrincipal, Principal, Tokens } from '../../lib/index.js';
import { PASSWORD, startApp, type Adapter, type TestApp } from '../support/app.js';
import { newPerson, signedIn, type Person } from '../sessions/kit.js';
import { newPair, newSecret, type PairKind } from './kit.js';

const CLIENT_ID = 'native-app';
const REDIRECT = 'http://127.0.0.1:9/callback';
const API = 'https://api.example.com';
const INSECURE = { [oauth.allowInsecureRequests]: true } as const;

interface Redirecting {
  redirect?(status: number, url: string): void;
  header?(name: string, value: string): void;
}

/** The authorization endpoint of the application: it is the one that knows its clients. */
@Controller('authorize')
class AuthorizeController {
  constructor(private readonly tokens: Tokens) {}

  @Get()
  @Auth()
  async authorize(
    @CurrentPrincipal() who: Principal,
    @Query() query: Record<string, string>,
    @Res({ passthrough: true }) response: Redirecting,
  ) {
    const code = await this.tokens.authorizationCode(who, {
      codeChallenge: query['code_challenge']!,
      scope: query['scope']!,
    });
    const url = new URL(query['redirect_uri']!);
    url.search = new URLSearchParams({ code, state: query['state']! }).toString();
    response.header?.('x-location', url.href);
    return {};
  }
}

const PLACES: readonly { adapter: Adapter; kind: PairKind }[] = [
  { adapter: 'express', kind: 'ec' },
  { adapter: 'fastify', kind: 'ed25519' },
  { adapter: 'fastify', kind: 'rsa' },
];

describe.each(PLACES)('foreign OAuth clients on $adapter, with a key of $kind', ({ adapter, kind }) => {
  let app: TestApp;
  let person: Person;
  let server: oauth.AuthorizationServer;
  let config: client.Configuration;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [AuthorizeController],
      auth: {
        secret: newSecret(),
        rateLimits: { multiplier: 100 },
        tokens: {
          issuer: API,
          audience: API,
          signingKey: { privateKey: newPair(kind).privateKey },
          scopes: { 'notes:read': 'everyone', 'notes:write': 'everyone', 'token:introspect': ['admin'] },
        },
      },
    });
    person = await newPerson(app);
    server = {
      issuer: API,
      authorization_endpoint: `${app.url}/authorize`,
      token_endpoint: `${app.url}/auth/token`,
      revocation_endpoint: `${app.url}/auth/token/revoke`,
      introspection_endpoint: `${app.url}/auth/token/introspect`,
      jwks_uri: `${app.url}/.well-known/jwks.json`,
      code_challenge_methods_supported: ['S256'],
    };
    config = new client.Configuration(server, CLIENT_ID, undefined, client.None());
    client.allowInsecureRequests(config);
  });
  afterAll(() => app.close());

  const passwordGrant = (scope = 'notes:read notes:write') =>
    client.genericGrantRequest(config, 'password', { username: person.email, password: PASSWORD, scope });

  describe('openid-client', () => {
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
      [
        'an unknown grant',
        () => client.genericGrantRequest(config, 'client_credentials', {}),
        'unsupported_grant_type',
      ],
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

  describe('oauth4webapi', () => {
    const me: oauth.Client = { client_id: CLIENT_ID };

    it('reads every answer of the token endpoint', async () => {
      const parameters = { username: person.email, password: PASSWORD };
      const response = await oauth.genericTokenEndpointRequest(
        server,
        me,
        oauth.None(),
        'password',
        parameters,
        INSECURE,
      );
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('pragma')).toBe('no-cache');
      const first = await oauth.processGenericTokenEndpointResponse(server, me, response);
      const again = await oauth.refreshTokenGrantRequest(server, me, oauth.None(), first.refresh_token!, INSECURE);
      const second = await oauth.processRefreshTokenResponse(server, me, again);
      expect(second.token_type).toBe('bearer');
      const revoked = await oauth.revocationRequest(server, me, oauth.None(), second.refresh_token!, INSECURE);
      await expect(oauth.processRevocationResponse(revoked)).resolves.toBeUndefined();
      const late = await oauth.refreshTokenGrantRequest(server, me, oauth.None(), second.refresh_token!, INSECURE);
      await expect(oauth.processRefreshTokenResponse(server, me, late)).rejects.toMatchObject({
        error: 'invalid_grant',
      });
    });

    it('takes an answer without any scope', async () => {
      const plain = await startApp({ adapter });
      const someone = await newPerson(plain);
      const there = { issuer: 'http://127.0.0.1:3000', token_endpoint: `${plain.url}/auth/token` };
      const parameters = { username: someone.email, password: PASSWORD };
      const response = await oauth.genericTokenEndpointRequest(
        there,
        me,
        oauth.None(),
        'password',
        parameters,
        INSECURE,
      );
      const tokens = await oauth.processGenericTokenEndpointResponse(there, me, response);
      expect(tokens.access_token).toBeTypeOf('string');
      await plain.close();
    });

    describe('at another resource server', () => {
      let resource: Server;
      const address = () => `http://127.0.0.1:${(resource.address() as AddressInfo).port}/`;

      beforeAll(async () => {
        resource = createServer((incoming, outgoing) => {
          const request = new Request('http://127.0.0.1/', {
            headers: { authorization: incoming.headers.authorization ?? '' },
          });
          oauth.validateJwtAccessToken(server, request, API, { ...INSECURE, [oauth.jwksCache]: {} }).then(
            (claims) => outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(claims)),
            (error: unknown) => outgoing.writeHead(401).end(String(error)),
          );
        });
        await new Promise<void>((resolve) => resource.listen(0, '127.0.0.1', resolve));
      });
      afterAll(() => new Promise((resolve) => resource.close(resolve)));

      it('validates access tokens by the published keys (RFC 9068)', async () => {
        const { access_token } = await passwordGrant('notes:read');
        const answer = await fetch(address(), { headers: { authorization: `Bearer ${access_token}` } });
        await expect(answer.json()).resolves.toMatchObject({
          iss: API,
          aud: API,
          sub: person.userId,
          client_id: 'app',
          scope: 'notes:read',
          jti: expect.any(String),
          sid: expect.any(String),
        });
      });

      it.each([
        ['an altered one', (token: string) => token.replace(/\.[^.]/, (two) => `.${two[1] === 'A' ? 'B' : 'A'}`)],
        ['one cut short', (token: string) => token.slice(0, -4)],
      ])('refuses %s', async (_what, alter) => {
        const { access_token } = await passwordGrant('notes:read');
        const answer = await fetch(address(), { headers: { authorization: `Bearer ${alter(access_token)}` } });
        expect(answer.status).toBe(401);
      });

      it('refuses a refresh token', async () => {
        const { refresh_token } = await passwordGrant('notes:read');
        expect((await fetch(address(), { headers: { authorization: `Bearer ${refresh_token}` } })).status).toBe(401);
      });
    });
  });

  /** The endpoint takes a bearer token as authorization of the one who asks (RFC 7662 §2.1). */
  function withBearer(from: client.Configuration, token: string): client.Configuration {
    const asking = new client.Configuration(
      from.serverMetadata(),
      CLIENT_ID,
      undefined,
      (_server, _client, _body, headers) => headers.set('authorization', `Bearer ${token}`),
    );
    client.allowInsecureRequests(asking);
    return asking;
  }
});
