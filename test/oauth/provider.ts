import type { IncomingMessage, ServerResponse } from 'node:http';
import { Provider, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { listen } from './listening.js';

/** Somebody with an account at the provider. */
export interface Person {
  readonly sub: string;
  readonly email?: string;
  readonly emailVerified?: boolean;
}

export interface RealProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Opens an account, or changes the one with this `sub`. */
  put(person: Person): void;
  /** As this person's browser: follows an authorization request to the address that it is sent back to. */
  approve(authorizationUrl: string, sub: string): Promise<URL>;
  /** The same for somebody who presses "cancel". */
  decline(authorizationUrl: string): Promise<URL>;
  close(): Promise<void>;
}

export interface RealProviderSetup {
  readonly redirectUris: readonly string[];
  /** Claims in the ID token itself, not at the userinfo endpoint alone. */
  readonly claimsInIdToken?: boolean;
}

const CLIENT_ID = 'gatehouse-under-test';
const CLIENT_SECRET = 'only-this-run-knows-it';
/** Who sits in front of the browser; nobody: who does not want to sign in. */
const WHO = 'x-test-person';

/** `oidc-provider` in this process: signs in whom a header names, and takes consent for granted. */
export async function startProvider({ redirectUris, claimsInIdToken }: RealProviderSetup): Promise<RealProvider> {
  const people = new Map<string, Person>();
  const listening = await listen();
  const provider = new Provider(listening.url, {
    clients: [{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [...redirectUris] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: claimsInIdToken !== true,
    cookies: { keys: ['a key for the cookies of this run'] },
    features: { devInteractions: { enabled: false }, userinfo: { enabled: true } },
    findAccount: (_context, sub) => accountOf(people.get(sub)),
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: grantEverything,
    pkce: { required: () => true },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  } satisfies Configuration);
  const serve = provider.callback();
  listening.server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void serve(request, response);
    interact(provider, request, response).catch(() => response.writeHead(500).end());
  });
  const walk = (url: string, who: string): Promise<URL> => follow(url, listening.url, { [WHO]: who });
  return {
    issuer: listening.url,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    put: (person) => void people.set(person.sub, person),
    approve: walk,
    decline: (url) => walk(url, ''),
    close: listening.close,
  };
}

function accountOf(person: Person | undefined) {
  if (person === undefined) return undefined;
  const { sub, email, emailVerified = false } = person;
  const address = email === undefined ? {} : { email, email_verified: emailVerified };
  return { accountId: sub, claims: () => ({ sub, name: `Person ${sub}`, ...address }) };
}

async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const accountId = request.headers[WHO];
  const result =
    typeof accountId === 'string' && accountId !== '' ? { login: { accountId } } : { error: 'access_denied' };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

async function grantEverything({ oidc }: KoaContextWithOIDC) {
  const grant = new oidc.provider.Grant({
    clientId: oidc.client!.clientId,
    accountId: oidc.session!.accountId!,
  });
  grant.addOIDCScope('openid email profile');
  await grant.save();
  return grant;
}

/** Follows redirects as a browser does, with the provider's cookies, until one leads away from it. */
async function follow(start: string, origin: string, headers: Record<string, string>): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = new URL(start);
  for (let hop = 0; hop < 10; hop += 1) {
    if (url.origin !== origin) return url;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { headers: { ...headers, cookie }, redirect: 'manual' });
    const text = await response.text();
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${url.pathname} of the provider answered ${response.status}: ${text}`);
    url = new URL(location, url);
  }
  throw new Error(`${start} leads round in a circle`);
}
