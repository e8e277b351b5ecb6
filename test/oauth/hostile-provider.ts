import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWK, type JWTPayload } from 'jose';
import { listen } from './listening.js';
import { misbehave, type Misconduct } from './misconduct.js';

/** What somebody presses "allow" for, and what goes wrong on the way. Nothing of it said: a provider that does well. */
export interface Approval {
  readonly sub?: string;
  readonly email?: string;
  readonly emailVerified?: boolean | string;
  /** Changes the claims of the ID token; `undefined` leaves one out. */
  readonly claims?: (honest: JWTPayload) => Record<string, unknown>;
  /** Default: by the published key. `none`: `alg: none`. */
  readonly signed?: 'by another key' | 'none' | 'with the client secret';
  /** Of the ID token. */
  readonly age?: 'expired' | 'issued tomorrow';
  readonly withoutIdToken?: boolean;
  readonly refreshToken?: string;
  readonly tokenEndpoint?: Misconduct;
  readonly userInfoEndpoint?: Misconduct;
  /** Claims of the userinfo endpoint, beside those of the person. */
  readonly userInfo?: Record<string, unknown>;
  /** Parameters of the redirect back; `undefined` leaves one out. */
  readonly redirect?: Record<string, string | undefined>;
}

interface Granted extends Approval {
  readonly issuer: string;
  readonly clientId: string;
  readonly nonce: string | undefined;
  readonly codeChallenge: string | undefined;
}

/** What the token endpoint was asked. */
export interface TokenRequest {
  readonly parameters: URLSearchParams;
  /** Whether the verifier fits the challenge of the authorization request. */
  readonly verified: boolean;
}

/** Providers that answer at discovery, but not as they should; `foreign` names another issuer. */
export const BAD_DISCOVERIES = [
  'silent',
  'trickling',
  'huge',
  'endless',
  'redirecting',
  'malformed',
  'html',
  'failing',
  'hanging up',
  'foreign',
] as const satisfies readonly (Misconduct | 'foreign')[];

export interface HostileProvider {
  /** Any name is an issuer of its own; those of {@link BAD_DISCOVERIES} misbehave at discovery. */
  issuer(name: string): string;
  /** Endpoints for a provider without discovery. */
  endpoints(name: string): { authorizationUrl: string; tokenUrl: string; userInfoUrl: string };
  readonly clientId: string;
  readonly clientSecret: string;
  /** The address that the provider redirects back to, once somebody has agreed. */
  approve(authorizationUrl: string, approval?: Approval): URL;
  readonly tokenRequests: readonly TokenRequest[];
  /** Where a redirecting endpoint leads: nobody must come. */
  readonly strayRequests: number;
  close(): Promise<void>;
}

const CLIENT_ID = 'gatehouse-under-test';
const CLIENT_SECRET = 'a-client-secret-of-this-run-alone-0123456789';

/** A provider by hand, which can do everything wrong that one can do. */
export async function startHostileProvider(): Promise<HostileProvider> {
  const [own, foreign] = await Promise.all([newKey(), newKey()]);
  const granted = new Map<string, Granted>();
  const tokenRequests: TokenRequest[] = [];
  let strayRequests = 0;
  let codes = 0;

  const listening = await listen((request, response) => {
    void serve(request, response).catch(() => response.destroy());
  });
  const { url } = listening;
  const issuerOf = (name: string): string => `${url}/${encodeURIComponent(name)}`;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, name = '', ...rest] = new URL(request.url ?? '/', url).pathname.split('/').map(decodeURIComponent);
    const route = rest.join('/');
    if (name === 'stray') {
      strayRequests += 1;
      return send(response, { sub: 'stray' });
    }
    if (route === '.well-known/openid-configuration') return discover(name, response);
    if (route === 'jwks') return send(response, { keys: [own.publicJwk] });
    if (route === 'token') return token(await bodyOf(request), response);
    if (route === 'userinfo') return userInfo(request.headers.authorization ?? '', response);
    response.writeHead(404).end();
  }

  function discover(name: string, response: ServerResponse): void {
    const issuer = issuerOf(name);
    const misconduct = BAD_DISCOVERIES.find((each) => each === name);
    const metadata = {
      issuer: misconduct === 'foreign' ? issuerOf('somebody else') : issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: name !== 'without iss',
    };
    if (misconduct === undefined || misconduct === 'foreign') return send(response, metadata);
    misbehave(response, misconduct, `${url}/stray/.well-known/openid-configuration`, metadata);
  }

  async function token(body: string, response: ServerResponse): Promise<void> {
    const parameters = new URLSearchParams(body);
    const code = parameters.get('code') ?? '';
    const grant = granted.get(code);
    const hashed = createHash('sha256')
      .update(parameters.get('code_verifier') ?? '')
      .digest('base64url');
    tokenRequests.push({ parameters, verified: hashed === grant?.codeChallenge });
    if (grant === undefined) return send(response, { error: 'invalid_grant' }, 400);
    const { refreshToken: refresh_token } = grant;
    const bare = { access_token: code, token_type: 'Bearer', expires_in: 300, refresh_token };
    const answer = grant.withoutIdToken === true ? bare : { ...bare, id_token: await idToken(grant) };
    if (grant.tokenEndpoint === undefined) return send(response, answer);
    misbehave(response, grant.tokenEndpoint, `${url}/stray/token`, answer);
  }

  async function idToken(grant: Granted): Promise<string> {
    const now =
      Math.floor(Date.now() / 1_000) + { expired: -7_200, 'issued tomorrow': 86_400, now: 0 }[grant.age ?? 'now'];
    const honest: JWTPayload = {
      iss: grant.issuer,
      aud: grant.clientId,
      iat: now,
      exp: now + 300,
      auth_time: now,
      ...personOf(grant),
      ...(grant.nonce === undefined ? {} : { nonce: grant.nonce }),
    };
    const claims = withoutUndefined(grant.claims?.(honest) ?? honest);
    if (grant.signed === 'none') return new UnsecuredJWT(claims).encode();
    if (grant.signed === 'with the client secret') {
      return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(CLIENT_SECRET));
    }
    const { privateKey } = grant.signed === 'by another key' ? foreign : own;
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(privateKey);
  }

  function userInfo(authorization: string, response: ServerResponse): void {
    const grant = granted.get(authorization.replace(/^bearer /i, ''));
    if (grant === undefined) return void response.writeHead(401).end();
    const answer = withoutUndefined({ ...personOf(grant), ...grant.userInfo });
    if (grant.userInfoEndpoint === undefined) return send(response, answer);
    misbehave(response, grant.userInfoEndpoint, `${url}/stray/userinfo`, answer);
  }

  function approve(authorizationUrl: string, approval: Approval = {}): URL {
    const { origin, pathname, searchParams: asked } = new URL(authorizationUrl);
    const issuer = origin + pathname.replace(/\/authorize$/, '');
    const code = `code-${(codes += 1)}`;
    granted.set(code, {
      ...approval,
      issuer,
      clientId: asked.get('client_id') ?? '',
      nonce: asked.get('nonce') ?? undefined,
      codeChallenge: asked.get('code_challenge') ?? undefined,
    });
    const back = new URL(asked.get('redirect_uri') ?? '');
    const iss = issuer.endsWith('/without%20iss') ? undefined : issuer;
    const parameters = { code, state: asked.get('state') ?? undefined, iss, ...approval.redirect };
    for (const [key, value] of Object.entries(withoutUndefined(parameters))) back.searchParams.set(key, String(value));
    return back;
  }

  return {
    issuer: issuerOf,
    endpoints: (name) => ({
      authorizationUrl: `${issuerOf(name)}/authorize`,
      tokenUrl: `${issuerOf(name)}/token`,
      userInfoUrl: `${issuerOf(name)}/userinfo`,
    }),
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    approve,
    tokenRequests,
    get strayRequests() {
      return strayRequests;
    },
    close: listening.close,
  };
}

async function newKey() {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const publicJwk: JWK = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  return { privateKey, publicJwk };
}

function personOf({ sub = 'somebody', email, emailVerified = true }: Approval): Record<string, unknown> {
  return { sub, ...(email === undefined ? {} : { email, email_verified: emailVerified }) };
}

function withoutUndefined(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
  return body;
}

function send(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
