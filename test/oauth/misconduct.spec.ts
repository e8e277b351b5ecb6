import { afterAll, beforeAll, expect, it } from 'vitest';
import { oauth2 } from '../../lib/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { BAD_DISCOVERIES, startHostileProvider, type HostileProvider } from './hostile-provider.js';
import {
  begin,
  discovered,
  landingOf,
  newAddress,
  newName,
  open,
  rowsOf,
  startHostileStand,
  whoIs,
  type OAuthStand,
} from './kit.js';
import type { Misconduct } from './misconduct.js';

/** `oauth.timeout`, for all that one step asks of the provider. */
const TIMEOUT_MS = 1_000;
/** What the machine may need beside, with twenty at once. */
const BOUND_MS = TIMEOUT_MS + 3_000;

const EVERYTHING: readonly Misconduct[] = [
  'silent',
  'trickling',
  'endless',
  'redirecting',
  'malformed',
  'html',
  'not an object',
  'failing',
  'hanging up',
  'refusing',
];

let stand: OAuthStand;
let discoveries: TestApp;
let dead: HostileProvider;
beforeAll(async () => {
  dead = await startHostileProvider();
  const server = await startHostileProvider();
  await server.close();
  stand = await startHostileStand({}, { timeout: '1s', providers: { plain: plainAt(dead) } });
  const { hostile } = stand;
  const bad = Object.fromEntries(
    BAD_DISCOVERIES.map((name) => [name.replace(' ', '-'), discovered(hostile, name)] as const),
  );
  discoveries = await startApp({
    auth: {
      rateLimits: { multiplier: 1_000 },
      oauth: { timeout: '1s', providers: { ...bad, gone: discovered(server, 'gone') } },
    },
  });
});
afterAll(async () => {
  await discoveries.close();
  await stand.close();
  await dead.close();
});

function plainAt(server: HostileProvider) {
  const { clientId, clientSecret } = server;
  return oauth2({
    ...server.endpoints('plain'),
    issuer: server.issuer('plain'),
    clientId,
    clientSecret,
    profile: ({ sub, email, email_verified }) => ({
      subject: String(sub),
      email: String(email),
      emailVerified: email_verified === true,
    }),
  });
}

interface Ended {
  readonly what: string;
  readonly error: string | null;
  readonly path: string;
  readonly somebody: boolean;
  readonly tookMs: number;
}

const NOBODY = { error: 'OAUTH_FAILED', path: '/notes', somebody: false };

/** A whole flow, in which one endpoint does not do what it should. */
async function run(endpoint: 'tokenEndpoint' | 'userInfoEndpoint', how: Misconduct): Promise<Ended> {
  const { app, hostile } = stand;
  const client = app.client();
  const approval = {
    sub: newName(),
    email: newAddress(),
    [endpoint]: how,
    // Nothing of the address in the ID token, so that the other endpoint has to be asked.
    ...(endpoint === 'userInfoEndpoint' ? { claims: withoutAddress } : {}),
  };
  const back = hostile.approve(await begin(client, 'hostile', { returnTo: '/notes' }), approval);
  const began = Date.now();
  const { error, path } = landingOf(await open(client, back));
  const somebody = (await whoIs(client)) !== null;
  return { what: `${how} at ${endpoint}`, error, path, somebody, tookMs: Date.now() - began };
}

it.each(['tokenEndpoint', 'userInfoEndpoint'] as const)('reads no ten megabytes from the %s', async (endpoint) => {
  const { error, path, somebody } = await run(endpoint, 'huge');
  expect({ error, path, somebody }).toEqual(NOBODY);
});

it('ends every flow of a provider that misbehaves at one of its endpoints, in bounded time', async () => {
  const { app, hostile } = stand;
  const before = await rowsOf(app);
  const memory = process.memoryUsage().rss;
  const ended = await Promise.all(
    EVERYTHING.flatMap((how) => [run('tokenEndpoint', how), run('userInfoEndpoint', how)]),
  );
  for (const { what, tookMs, ...rest } of ended) {
    expect(rest, what).toEqual(NOBODY);
    expect(tookMs, what).toBeLessThan(BOUND_MS);
  }
  expect(hostile.strayRequests).toBe(0);
  expect(await rowsOf(app)).toEqual(before);
  // Ten megabytes are not read to their end, twice two of them at once.
  expect(process.memoryUsage().rss - memory).toBeLessThan(300 * 1024 * 1024);
});

function withoutAddress({ email: _email, email_verified: _verified, ...rest }: Record<string, unknown>) {
  return rest;
}

it('says at the start that a provider cannot be discovered, and goes on with the others', async () => {
  const client = discoveries.client();
  const names = [...BAD_DISCOVERIES.map((name) => name.replace(' ', '-')), 'gone'];
  const run = async (name: string): Promise<Ended> => {
    const began = Date.now();
    const answer = await client.get(`/auth/oauth/${name}?returnTo=/notes`);
    const { error, path } = landingOf(answer);
    return { what: name, error, path, somebody: answer.setCookies.length > 0, tookMs: Date.now() - began };
  };
  for (const { what, tookMs, ...rest } of await Promise.all(names.map(run))) {
    expect(rest, what).toEqual(NOBODY);
    expect(tookMs, what).toBeLessThan(BOUND_MS);
  }
  expect(stand.hostile.strayRequests).toBe(0);
});

it('recovers when the provider does', async () => {
  const { app } = stand;
  const client = app.client();
  const url = await begin(client, 'plain', { returnTo: '/notes' });
  const lost = dead.approve(url, { sub: newName(), tokenEndpoint: 'hanging up' });
  expect(landingOf(await open(client, lost)).error).toBe('OAUTH_FAILED');
  const person = { sub: newName(), email: newAddress(), withoutIdToken: true };
  const back = dead.approve(await begin(client, 'plain', { returnTo: '/notes' }), person);
  expect(landingOf(await open(client, back))).toMatchObject({ path: '/notes', error: null });
});
