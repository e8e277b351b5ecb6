import { afterEach, describe, expect, it } from 'vitest';
import { Keyring } from '../../lib/keys/keyring.js';
import { Client, type Answer } from '../support/client.js';
import { Fleet, type Values } from './fleet.js';
import { newSecret } from './kit.js';
import { Traffic, type TokenPair } from './traffic.js';

const MINUTE_MS = 60_000;
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function underWay(auth: Values): Promise<{ fleet: Fleet; traffic: Traffic }> {
  const fleet = await Fleet.start(auth);
  undo.push(() => fleet.close());
  const traffic = new Traffic(fleet);
  await traffic.start();
  undo.push(() => traffic.stop());
  await traffic.goesOn(1);
  return { fleet, traffic };
}

function copyOf(fleet: Fleet, browser: Client): Client {
  const copy = new Client(fleet.url);
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
  copy.csrfToken = browser.csrfToken;
  return copy;
}

/** What both nodes say to a browser, and to each of the two tokens. Nothing is renewed for those who are asked about. */
async function standing(fleet: Fleet, browser: Client, { access_token, refresh_token }: TokenPair): Promise<object> {
  const client = new Client(fleet.url);
  const bearer = { headers: { authorization: `Bearer ${access_token}` } };
  const asked = async (ask: () => Promise<Answer>) => (({ status, body }) => body?.code ?? status)(await ask());
  const twice = async (ask: () => Promise<Answer>) => [await asked(ask), await asked(ask)];
  return {
    reads: await twice(() => copyOf(fleet, browser).get('/pages/mine')),
    posts: await twice(() => copyOf(fleet, browser).post('/pages/mine')),
    calls: await twice(() => client.get('/pages/mine', bearer)),
    refreshes: await twice(() => client.post('/auth/token/refresh', { refresh_token })),
  };
}

const GOOD = { reads: [200, 200], posts: [201, 201], calls: [200, 200], refreshes: [200, 200] };
const REFUSED = {
  reads: ['NOT_AUTHENTICATED', 'NOT_AUTHENTICATED'],
  posts: ['NOT_AUTHENTICATED', 'NOT_AUTHENTICATED'],
  calls: ['INVALID_ACCESS_TOKEN', 'INVALID_ACCESS_TOKEN'],
  refreshes: ['INVALID_REFRESH_TOKEN', 'INVALID_REFRESH_TOKEN'],
};

describe('a new secret under traffic, on two nodes', () => {
  it('signs nobody out in two deployments, and its predecessor ends at its moment', { timeout: 120_000 }, async () => {
    const [old, next] = [newSecret(), newSecret()];
    const long = { accessTtl: '2h' } as const;
    const { fleet, traffic } = await underWay({ secret: old, tokens: long });
    const [sleeper, sleepingTokens] = [await traffic.browser(), await traffic.tokens()];

    await fleet.roll({ secret: old, acceptedSecrets: [{ secret: next }], tokens: long }, () => traffic.goesOn());
    const notAfter = new Date(fleet.clock.now() + 20 * MINUTE_MS).toISOString();
    const retiring = { secret: next, acceptedSecrets: [{ secret: old, notAfter }], tokens: long };
    await fleet.roll(retiring, () => traffic.goesOn());
    for (const minutes of [1, 4, 14]) {
      await traffic.pass(minutes * MINUTE_MS);
      await traffic.goesOn();
    }
    expect(await standing(fleet, sleeper, sleepingTokens)).toEqual(GOOD);
    await traffic.pass(MINUTE_MS - 1);
    await traffic.goesOn(1);
    await traffic.pass(1);
    await traffic.goesOn();
    expect(await standing(fleet, sleeper, sleepingTokens)).toEqual(REFUSED);

    await fleet.roll({ secret: next, tokens: long }, () => traffic.goesOn());
    await traffic.stop();
    expect(traffic.surprises).toEqual([]);
    // Everybody who came by has left the old secret behind.
    const kids = fleet.apps.map((app) => app.get(Keyring).sign('session-cookie', '').slice(0, 8));
    expect(kids[0]).toBe(kids[1]);
    for (const { cookies } of traffic.browsers) expect(cookies.get('auth_session')!.split('.')[2]).toBe(kids[0]);
  });

  it('signs people out in one deployment: the twin', { timeout: 60_000 }, async () => {
    const [old, next] = [newSecret(), newSecret()];
    const { fleet, traffic } = await underWay({ secret: old });
    const notAfter = new Date(fleet.clock.now() + 20 * MINUTE_MS).toISOString();
    await fleet.roll({ secret: next, acceptedSecrets: [{ secret: old, notAfter }] }, () => traffic.goesOn());
    await traffic.stop();
    const what = new Set(traffic.surprises.map(({ what: happened, status }) => `${happened}: ${status}`));
    expect(what).toContain('reads: 401');
    expect(what).toContain('refreshes: 401');
    expect(traffic.surprises.filter(({ status }) => status >= 500)).toEqual([]);
  });

  it(
    'ends everything at once when the old one has leaked, and loses nothing that is sealed',
    { timeout: 60_000 },
    async () => {
      const [leaked, next] = [newSecret(), newSecret()];
      const { fleet, traffic } = await underWay({ secret: leaked });
      const [browser, tokens] = [await traffic.browser(), await traffic.tokens()];
      const sealed = fleet.apps[0]!.get(Keyring).seal('value', 'table.column.row');
      expect(await standing(fleet, browser, tokens)).toEqual(GOOD);

      await fleet.roll({ secret: next, acceptedSecrets: [{ secret: leaked, use: 'unseal' }] });
      expect(await standing(fleet, browser, tokens)).toEqual(REFUSED);
      await traffic.stop();
      for (const old of traffic.browsers) expect((await copyOf(fleet, old).get('/pages/mine')).status).toBe(401);
      for (const { tokens: pair } of traffic.apiClients) {
        const { status, body } = await new Client(fleet.url).post('/auth/token/refresh', pair);
        expect([status, body.code]).toEqual([401, 'INVALID_REFRESH_TOKEN']);
      }
      expect(traffic.surprises.filter(({ status }) => status >= 500)).toEqual([]);
      for (const app of fleet.apps) expect(app.get(Keyring).open(sealed, 'table.column.row')).toBe('value');
      const again = await traffic.browser();
      expect((await again.get('/pages/mine')).status).toBe(200);
    },
  );
});
