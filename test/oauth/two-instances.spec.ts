import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPair, type Pair } from '../instances/pair.js';
import { PASSWORD, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import { startHostileProvider, type Approval, type HostileProvider } from './hostile-provider.js';
import {
  begin,
  discovered,
  identitiesOf,
  onlyIdentity,
  landingOf,
  newAddress,
  newMember,
  newName,
  open,
  rowsOf,
  whoIs,
} from './kit.js';

/** Two instances over one PostgreSQL and one Redis, on different adapters. */
describe('two instances', () => {
  let pair: Pair;
  let hostile: HostileProvider;
  beforeAll(async () => {
    hostile = await startHostileProvider();
    pair = await startPair('one Redis', {
      rateLimits: { multiplier: 1_000 },
      oauth: { providers: { hostile: discovered(hostile, 'hostile') } },
    });
  });
  afterAll(async () => {
    await pair.close();
    await hostile.close();
  });

  /** The same browser, at another instance. */
  function at(app: TestApp, browser: Client): Client {
    const there = app.client();
    for (const [name, value] of browser.cookies) there.cookies.set(name, value);
    there.csrfToken = browser.csrfToken;
    return there;
  }

  async function signedIn(approval: Approval): Promise<Client> {
    const browser = pair.one.client();
    const back = hostile.approve(await begin(browser, 'hostile'), approval);
    expect(landingOf(await open(browser, back)).error).toBeNull();
    browser.csrfToken = (await browser.get('/auth/session')).body.csrfToken;
    return browser;
  }

  it('end on one what was begun on the other, once', async () => {
    const browser = pair.one.client();
    const back = hostile.approve(await begin(browser, 'hostile'), { sub: newName(), email: newAddress() });
    const copies = Array.from({ length: 30 }, (_, index) => at(index % 2 === 0 ? pair.one : pair.other, browser));
    const landings = await Promise.all(copies.map(async (copy) => landingOf(await open(copy, back))));
    expect(landings.filter(({ error }) => error === null)).toHaveLength(1);
    const somebody = await Promise.all(copies.map(whoIs));
    expect(somebody.filter((user) => user !== null)).toHaveLength(1);
    for (const app of [pair.one, pair.other]) {
      expect(landingOf(await open(at(app, browser), back)).error).toBe('OAUTH_FAILED');
    }
  });

  it('make one account of somebody new who comes to both at once', async () => {
    const person = { sub: newName(), email: newAddress() };
    const before = await rowsOf(pair.one);
    const clients = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? pair.one : pair.other).client());
    const backs = await Promise.all(
      clients.map(async (client) => hostile.approve(await begin(client, 'hostile'), person)),
    );
    await Promise.all(clients.map((client, index) => open(client, backs[index]!)));
    const after = await rowsOf(pair.one);
    expect(after['users']).toBe(before['users']! + 1);
    expect(after['auth_identities']).toBe(before['auth_identities']! + 1);
    const ids = (await Promise.all(clients.map(whoIs))).flatMap((user) => user?.id ?? []);
    expect(new Set(ids).size).toBe(1);
    // Whoever lost the race is let in at the next try.
    expect(await whoIs(await signedIn(person))).toMatchObject({ email: person.email });
  });

  it('end on both what is unlinked on one', async () => {
    const person = { sub: newName(), email: newAddress() };
    const browser = await signedIn(person);
    expect((await browser.post('/auth/password/set', { password: PASSWORD })).status).toBe(200);
    const elsewhere = at(pair.other, await signedIn(person));
    expect(await whoIs(elsewhere)).not.toBeNull();
    const { id } = await onlyIdentity(browser);
    expect((await browser.delete(`/auth/identities/${id}`)).status).toBe(200);
    expect(await whoIs(elsewhere)).toBeNull();
    expect(await identitiesOf(at(pair.other, browser))).toEqual([]);
  });

  it('keep the last way in, on whichever the others go', async () => {
    const browser = await signedIn({ sub: newName(), email: newAddress() });
    for (let more = 0; more < 2; more += 1) {
      const { url } = (await browser.post('/auth/oauth/hostile/link', {})).body;
      expect(landingOf(await open(browser, hostile.approve(url, { sub: newName() }))).error).toBeNull();
      browser.csrfToken = (await browser.get('/auth/session')).body.csrfToken;
    }
    const items = await identitiesOf(browser);
    const { id } = (await whoIs(browser))!;
    expect(items).toHaveLength(3);
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        at(index % 2 === 0 ? pair.one : pair.other, browser).delete(`/auth/identities/${items[index % 3]!.id}`),
      ),
    );
    const left = await pair.one.dataSource.query('SELECT id FROM auth_identities WHERE user_id = $1', [id]);
    // Whoever takes one away ends all other sessions: at most one goes, of however many ask.
    expect(left).toHaveLength(2);
  });

  it('ask for the second factor on one, and take it on the other', async () => {
    const member = await newMember(pair.one);
    const sub = newName();
    const { url } = (await member.client.post('/auth/oauth/hostile/link', {})).body;
    await open(member.client, hostile.approve(url, { sub }));
    member.client.csrfToken = (await member.client.get('/auth/session')).body.csrfToken;
    const { secret } = (await at(pair.other, member.client).post('/auth/totp/enroll', {})).body;
    const totp = new TOTP({ secret: Secret.fromBase32(secret) });
    expect((await member.client.post('/auth/totp/confirm', { code: totp.generate() })).status).toBe(200);

    const browser = pair.one.client();
    const back = hostile.approve(await begin(browser, 'hostile'), { sub });
    const { challenge } = landingOf(await open(browser, back));
    expect(await whoIs(browser)).toBeNull();
    const next = totp.generate({ timestamp: Date.now() + 30_000 });
    const there = at(pair.other, browser);
    expect((await there.post('/auth/second-factor', { challenge, code: next })).status).toBe(200);
    expect(await whoIs(at(pair.one, there))).toMatchObject({ id: member.id });
  });
});
