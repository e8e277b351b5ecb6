import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newPerson, type Person } from '../sessions/kit.js';
import { PASSWORD, startApp, type TestApp } from '../support/app.js';
import { API, CLIENT_ID, PLACES, startOAuth, type OAuthLab } from './oauth-kit.js';

const INSECURE = { [oauth.allowInsecureRequests]: true } as const;

describe.each(PLACES)('oauth4webapi on $adapter, with a key of $kind', ({ adapter, kind }) => {
  let app: TestApp;
  let person: Person;
  let server: oauth.AuthorizationServer;
  let passwordGrant: OAuthLab['passwordGrant'];

  beforeAll(async () => {
    ({ app, person, server, passwordGrant } = await startOAuth({ adapter, kind }));
  });
  afterAll(() => app.close());

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
    const response = await oauth.genericTokenEndpointRequest(there, me, oauth.None(), 'password', parameters, INSECURE);
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
