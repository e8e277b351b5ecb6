import { expect } from 'vitest';
import { Accounts, oidc, type AuthOptions } from '../../lib/index.js';
import { PASSWORD, startApp, type AppSetup, type TestApp, type User } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import { startHostileProvider, type Approval, type HostileProvider } from './hostile-provider.js';
import { startProvider, type RealProvider } from './provider.js';

/** What `startApp` says, so that providers send browsers to it; the tests follow to where the application listens. */
export const BASE_URL = 'http://127.0.0.1:3000';

export const callbackOf = (provider: string): string => `${BASE_URL}/auth/oauth/${provider}/callback`;

let people = 0;

/** A name that nobody has had in this run. */
export const newName = (): string => `person${process.pid}-${(people += 1)}`;
export const newAddress = (): string => `${newName()}@example.com`;

/** Where a browser has been sent. */
export interface Landing {
  readonly path: string;
  readonly error: string | null;
  readonly code: string | null;
  /** Of the fragment: a sign-in that waits for its second factor. */
  readonly challenge: string | null;
  readonly href: string;
}

export function landingOf(answer: Answer): Landing {
  expect([302, 303], `${answer.status} ${answer.text}`).toContain(answer.status);
  const url = new URL(answer.headers.get('location') ?? '', BASE_URL);
  const { searchParams, pathname, hash, href } = url;
  return {
    path: pathname,
    error: searchParams.get('error'),
    code: searchParams.get('code'),
    challenge: new URLSearchParams(hash.slice(1)).get('challenge'),
    href,
  };
}

/** Begins a flow, and answers the address at the provider. */
export async function begin(client: Client, provider: string, query: Record<string, string> = {}): Promise<string> {
  const answer = await client.get(`/auth/oauth/${provider}?${new URLSearchParams(query).toString()}`);
  expect(answer.status, answer.text).toBe(302);
  return answer.headers.get('location')!;
}

/** The browser opens the address that the provider has sent it to. */
export function open(client: Client, back: URL): Promise<Answer> {
  return client.get(back.pathname + back.search);
}

/** From the button on the page to where the browser lands. */
export async function through(
  client: Client,
  hostile: HostileProvider,
  approval: Approval,
  { provider = 'hostile', ...query }: Record<string, string> & { provider?: string } = {},
): Promise<Landing> {
  const back = hostile.approve(await begin(client, provider, query), approval);
  return landingOf(await open(client, back));
}

/** `null` for nobody. */
export async function whoIs(client: Client): Promise<{ id: string; email: string; emailVerified: boolean } | null> {
  return (await client.get('/auth/session')).body.user;
}

export interface Member {
  readonly id: string;
  readonly email: string;
  /** Signed in. */
  readonly client: Client;
}

/** Somebody with a password, signed in. */
export async function newMember(app: TestApp, more: { emailVerified?: boolean; email?: string } = {}): Promise<Member> {
  const { email = newAddress(), emailVerified = true } = more;
  const user = await app.get(Accounts).create({ email, password: PASSWORD, emailVerified });
  const client = app.client();
  expect((await client.signIn(email)).status).toBe(200);
  return { id: user!.id, email, client };
}

/** The address at the provider of a flow that will link. */
export async function beginLink(client: Client, provider = 'hostile'): Promise<string> {
  const answer = await client.post(`/auth/oauth/${provider}/link`, {});
  expect(answer.status, answer.text).toBe(200);
  return answer.body.url;
}

export async function link(member: Member, hostile: HostileProvider, approval: Approval): Promise<Landing> {
  const back = hostile.approve(await beginLink(member.client), approval);
  return landingOf(await open(member.client, back));
}

export interface Identity {
  readonly id: string;
  readonly provider: string;
}

export async function identitiesOf(client: Client): Promise<readonly Identity[]> {
  const answer = await client.get('/auth/identities');
  expect(answer.status, answer.text).toBe(200);
  return answer.body.items;
}

export async function onlyIdentity(client: Client): Promise<Identity> {
  const [only, ...others] = await identitiesOf(client);
  expect(others).toEqual([]);
  return only!;
}

const COUNTED = ['users', 'auth_accounts', 'auth_identities', 'auth_sessions'] as const;

/** Rows of everything that a sign-in through a provider may write, events aside. */
export async function rowsOf(app: TestApp): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of COUNTED) {
    const [{ n }] = await app.dataSource.query(`SELECT COUNT(*) AS n FROM ${table}`);
    counts[table] = Number(n);
  }
  return counts;
}

export interface OAuthStand {
  readonly app: TestApp;
  readonly hostile: HostileProvider;
  close(): Promise<void>;
}

/** An application with the providers `hostile` and `other` of one hostile server. */
export async function startHostileStand(
  setup: AppSetup = {},
  oauth: Partial<NonNullable<AuthOptions<User>['oauth']>> = {},
): Promise<OAuthStand> {
  const hostile = await startHostileProvider();
  const app = await startApp({
    ...setup,
    auth: {
      rateLimits: { multiplier: 1_000 },
      ...setup.auth,
      oauth: {
        ...oauth,
        providers: { hostile: discovered(hostile, 'hostile'), other: discovered(hostile, 'other'), ...oauth.providers },
      },
    },
  });
  return {
    app,
    hostile,
    close: async () => {
      await app.close();
      await hostile.close();
    },
  };
}

/** A provider of the hostile server, by discovery. */
export function discovered(hostile: HostileProvider, name: string) {
  const { clientId, clientSecret } = hostile;
  return oidc({ issuer: hostile.issuer(name), clientId, clientSecret });
}

export interface RealStand {
  readonly app: TestApp;
  readonly real: RealProvider;
  close(): Promise<void>;
}

/** An application with `oidc-provider` as the provider `real`. */
export async function startRealStand(setup: AppSetup = {}): Promise<RealStand> {
  const real = await startProvider({ redirectUris: [callbackOf('real')] });
  const app = await startApp({
    ...setup,
    auth: { rateLimits: { multiplier: 1_000 }, ...setup.auth, oauth: { providers: { real: realProvider(real) } } },
  });
  return {
    app,
    real,
    close: async () => {
      await app.close();
      await real.close();
    },
  };
}

export function realProvider({ issuer, clientId, clientSecret }: RealProvider) {
  return oidc({ issuer, clientId, clientSecret });
}

/** A new browser that has signed in as somebody the hostile provider speaks for. */
export async function federated({ app, hostile }: OAuthStand, approval: Approval = {}): Promise<Member> {
  const client = app.client();
  const email = approval.email ?? newAddress();
  const landing = await through(client, hostile, { sub: newName(), ...approval, email });
  expect(landing.error).toBeNull();
  return { id: (await whoIs(client))!.id, email, client };
}
