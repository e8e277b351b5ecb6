import { Controller, Get, Query, Res } from '@nestjs/common';
import * as client from 'openid-client';
import type { AuthorizationServer } from 'oauth4webapi';
import { Auth, CurrentPrincipal, Principal, Tokens } from '../../lib/index.js';
import { PASSWORD, startApp, type Adapter, type TestApp } from '../support/app.js';
import { newPerson, type Person } from '../sessions/kit.js';
import { newPair, newSecret, type PairKind } from './kit.js';

export const CLIENT_ID = 'native-app';
export const API = 'https://api.example.com';

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

export interface OAuthPlace {
  readonly adapter: Adapter;
  /** Of the key that signs access tokens. */
  readonly kind: PairKind;
}

export const PLACES: readonly OAuthPlace[] = [
  { adapter: 'express', kind: 'ec' },
  { adapter: 'fastify', kind: 'ed25519' },
  { adapter: 'fastify', kind: 'rsa' },
];

export interface OAuthLab {
  readonly app: TestApp;
  readonly person: Person;
  /** What a client would read from the metadata of the server. */
  readonly server: AuthorizationServer;
  readonly config: client.Configuration;
  passwordGrant(scope?: string): ReturnType<typeof client.genericGrantRequest>;
}

/** An application with an account, and what a native app has to know of it. */
export async function startOAuth({ adapter, kind }: OAuthPlace): Promise<OAuthLab> {
  const app = await startApp({
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
  const person = await newPerson(app);
  const server = {
    issuer: API,
    authorization_endpoint: `${app.url}/authorize`,
    token_endpoint: `${app.url}/auth/token`,
    revocation_endpoint: `${app.url}/auth/token/revoke`,
    introspection_endpoint: `${app.url}/auth/token/introspect`,
    jwks_uri: `${app.url}/.well-known/jwks.json`,
    code_challenge_methods_supported: ['S256'],
  };
  const config = new client.Configuration(server, CLIENT_ID, undefined, client.None());
  client.allowInsecureRequests(config);
  const passwordGrant = (scope = 'notes:read notes:write') =>
    client.genericGrantRequest(config, 'password', { username: person.email, password: PASSWORD, scope });
  return { app, person, server, config, passwordGrant };
}

/** The endpoint takes a bearer token as authorization of the one who asks (RFC 7662 §2.1). */
export function withBearer(from: client.Configuration, token: string): client.Configuration {
  const asking = new client.Configuration(
    from.serverMetadata(),
    CLIENT_ID,
    undefined,
    (_server, _client, _body, headers) => headers.set('authorization', `Bearer ${token}`),
  );
  client.allowInsecureRequests(asking);
  return asking;
}
