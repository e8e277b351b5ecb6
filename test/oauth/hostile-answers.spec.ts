import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Approval } from './hostile-provider.js';
import { begin, landingOf, newAddress, newName, open, rowsOf, startHostileStand, through, whoIs } from './kit.js';
import type { OAuthStand } from './kit.js';

let stand: OAuthStand;
beforeAll(async () => {
  stand = await startHostileStand();
});
afterAll(() => stand.close());

const approval = (more: Approval): Approval => ({ sub: newName(), email: newAddress(), ...more });

describe('what a provider says of its user', () => {
  it('is believed when all of it is right', async () => {
    const client = stand.app.client();
    expect(await through(client, stand.hostile, approval({}))).toMatchObject({ path: '/', error: null });
    expect(await whoIs(client)).not.toBeNull();
  });

  const LIES: readonly [string, Approval][] = [
    ['the nonce of another flow', { claims: (honest) => ({ ...honest, nonce: 'another' }) }],
    ['no nonce', { claims: (honest) => ({ ...honest, nonce: undefined }) }],
    ['another issuer in the ID token', { claims: (honest) => ({ ...honest, iss: 'https://accounts.example.com' }) }],
    ['no issuer in the ID token', { claims: (honest) => ({ ...honest, iss: undefined }) }],
    ['an ID token for another client', { claims: (honest) => ({ ...honest, aud: 'another client' }) }],
    ['an ID token for two, without azp', { claims: (honest) => ({ ...honest, aud: [honest.aud as string, 'b'] }) }],
    [
      'an ID token for two, given to the other',
      { claims: (honest) => ({ ...honest, aud: [honest.aud as string, 'b'], azp: 'b' }) },
    ],
    ['no audience', { claims: (honest) => ({ ...honest, aud: undefined }) }],
    ['an ID token that has expired', { age: 'expired' }],
    ['an ID token without an end', { claims: (honest) => ({ ...honest, exp: undefined }) }],
    ['an ID token without a subject', { claims: (honest) => ({ ...honest, sub: undefined }) }],
    ['an empty subject', { claims: (honest) => ({ ...honest, sub: '' }) }],
    ['a subject that is a number', { claims: (honest) => ({ ...honest, sub: 7 }) }],
    ['a subject of 10,000 characters', { claims: (honest) => ({ ...honest, sub: 'x'.repeat(10_000) }) }],
    ['a subject with NUL in it', { claims: (honest) => ({ ...honest, sub: 'a\0b' }) }],
    ['an ID token with alg none', { signed: 'none' }],
    ['an ID token signed with the client secret', { signed: 'with the client secret' }],
    ['an ID token signed by somebody else', { signed: 'by another key' }],
    ['no ID token', { withoutIdToken: true }],
    ['another iss beside the code', { redirect: { iss: 'https://accounts.example.com' } }],
    ['no iss beside the code where it was promised', { redirect: { iss: undefined } }],
    ['an empty iss', { redirect: { iss: '' } }],
    ['userinfo of another subject', { claims: ({ email: _, ...rest }) => rest, userInfo: { sub: 'somebody else' } }],
    ['an error and a code', { redirect: { error: 'server_error' } }],
    ['no code', { redirect: { code: undefined } }],
    ['an empty code', { redirect: { code: '' } }],
    ['a code of another', { redirect: { code: 'not a code' } }],
  ];

  it.each(LIES)('is refused with %s, and nothing is written', async (_what, lie) => {
    const client = stand.app.client();
    const before = await rowsOf(stand.app);
    const landing = await through(client, stand.hostile, approval(lie), { returnTo: '/notes' });
    expect(landing).toMatchObject({ path: '/notes', error: 'OAUTH_FAILED' });
    expect(landing.href).not.toMatch(/accounts\.example|server_error|another/);
    expect(await whoIs(client)).toBeNull();
    expect(await rowsOf(stand.app)).toEqual(before);
  });

  it('that an address is verified has to be said with true', async () => {
    for (const emailVerified of ['true ', 'yes', 1, {}, null] as unknown as string[]) {
      const client = stand.app.client();
      const landing = await through(client, stand.hostile, approval({ emailVerified }));
      expect([landing.error, await whoIs(client)], String(emailVerified)).toEqual(['OAUTH_LINK_REQUIRED', null]);
    }
  });
});

describe('the flow', () => {
  it('sends the verifier of the challenge, and no flow goes without', async () => {
    const { hostile, app } = stand;
    const before = hostile.tokenRequests.length;
    await through(app.client(), hostile, approval({}));
    const [request] = hostile.tokenRequests.slice(before);
    expect(request?.verified).toBe(true);
    expect(request?.parameters.get('code_verifier')).toMatch(/^[\w.~-]{43,128}$/);
    expect(request?.parameters.get('redirect_uri')).toBe('http://127.0.0.1:3000/auth/oauth/hostile/callback');
  });

  it('is not talked out of its challenge by the query', async () => {
    const client = stand.app.client();
    const query = {
      code_challenge_method: 'plain',
      code_challenge: 'a',
      redirect_uri: 'https://evil.example',
      nonce: 'n',
    };
    const answer = await client.get(`/auth/oauth/hostile?${new URLSearchParams(query).toString()}`);
    if (answer.status !== 302) return void expect(answer.status).toBe(400);
    const asked = new URL(answer.headers.get('location')!).searchParams;
    expect(asked.get('code_challenge_method')).toBe('S256');
    expect(asked.get('code_challenge')).toMatch(/^[\w-]{43}$/);
    expect(asked.get('redirect_uri')).toBe('http://127.0.0.1:3000/auth/oauth/hostile/callback');
  });

  async function refused(back: URL, client = stand.app.client()): Promise<void> {
    const asked = stand.hostile.tokenRequests.length;
    const landing = landingOf(await open(client, back));
    expect(landing.error).toBe('OAUTH_FAILED');
    expect(await whoIs(client)).toBeNull();
    // The code goes nowhere either.
    expect(stand.hostile.tokenRequests).toHaveLength(asked);
  }

  it('refuses a state that is wrong, empty, missing or twice', async () => {
    for (const state of ['wrong', '', undefined, 'x'.repeat(5_000), '\u0000', '__proto__']) {
      const client = stand.app.client();
      await refused(stand.hostile.approve(await begin(client, 'hostile'), approval({ redirect: { state } })), client);
    }
    const client = stand.app.client();
    const back = stand.hostile.approve(await begin(client, 'hostile'), approval({}));
    back.searchParams.append('state', 'another');
    const twice = await open(client, back);
    expect([302, 400]).toContain(twice.status);
    expect(await whoIs(client)).toBeNull();
  });

  it('refuses a state that was used', async () => {
    const client = stand.app.client();
    const back = stand.hostile.approve(await begin(client, 'hostile'), approval({}));
    const cookie = client.cookieHeader();
    expect(landingOf(await open(client, back)).error).toBeNull();
    const again = stand.app.client();
    const answer = await again.get(back.pathname + back.search, { headers: { cookie } });
    expect(landingOf(answer).error).toBe('OAUTH_FAILED');
    expect(await whoIs(again)).toBeNull();
  });

  it('takes one of 30 callbacks of one flow', async () => {
    const client = stand.app.client();
    const back = stand.hostile.approve(await begin(client, 'hostile'), approval({}));
    const before = await rowsOf(stand.app);
    const headers = { cookie: client.cookieHeader() };
    const tabs = Array.from({ length: 30 }, () => stand.app.client());
    const landings = await Promise.all(
      tabs.map(async (tab) => landingOf(await tab.get(back.pathname + back.search, { headers }))),
    );
    expect(landings.map(({ error }) => error).sort()).toEqual([...Array<string>(29).fill('OAUTH_FAILED'), null]);
    const somebody = await Promise.all(tabs.map(whoIs));
    expect(somebody.filter((user) => user !== null)).toHaveLength(1);
    expect(Object.values(await rowsOf(stand.app))).toEqual(Object.values(before).map((rows) => rows + 1));
  });

  it('refuses the code and state of an attacker in the browser of somebody else', async () => {
    const attacker = stand.app.client();
    const back = stand.hostile.approve(await begin(attacker, 'hostile'), approval({}));
    await refused(back);
    // Nor with a flow of the victim’s own under way.
    const victim = stand.app.client();
    await begin(victim, 'hostile');
    await refused(back, victim);
    // Nor with the attacker’s code in the victim’s flow, nor where somebody is signed in.
    expect(landingOf(await open(attacker, back)).error).toBeNull();
  });

  it('refuses an altered cookie', async () => {
    const client = stand.app.client();
    const back = stand.hostile.approve(await begin(client, 'hostile'), approval({}));
    const flow = [...client.cookies.keys()].filter((name) => name.includes('oauth') || name.includes('flow'));
    expect(flow.length).toBeGreaterThan(0);
    for (const name of flow) {
      const value = client.cookies.get(name)!;
      const middle = value.length >> 1;
      client.cookies.set(name, value.slice(0, middle) + (value[middle] === 'A' ? 'B' : 'A') + value.slice(middle + 1));
    }
    await refused(back, client);
  });

  it('refuses a state of another provider: neither learns the other’s code', async () => {
    const { app, hostile } = stand;
    const client = app.client();
    // The browser believes it is at `other`; that one hands it on to `hostile`, and back with what came of it.
    const back = hostile.approve(await begin(client, 'hostile'), approval({}));
    const crossed = new URL(back.href.replace('/hostile/callback', '/other/callback'));
    await refused(crossed, client);
  });

  it('refuses an answer of another provider at the right address', async () => {
    const { app, hostile } = stand;
    const client = app.client();
    const state = new URL(await begin(client, 'hostile')).searchParams.get('state')!;
    // `other` has handed the browser on to itself, with the state of `hostile`: RFC 9207.
    const atOther = hostile.approve(await begin(client, 'other'), approval({ redirect: { state } }));
    await refused(new URL(atOther.href.replace('/other/callback', '/hostile/callback')), client);
  });

  it('gives the browser a session that is none of those it had', async () => {
    const { app, hostile } = stand;
    const client = app.client();
    client.cookies.set('auth_session', 'planted');
    await through(client, hostile, approval({}));
    const first = client.cookies.get('auth_session');
    expect(first).not.toBe('planted');
    const copy = app.client();
    copy.cookies.set('auth_session', first!);
    await through(client, hostile, approval({}));
    expect(client.cookies.get('auth_session')).not.toBe(first);
    // Another person has signed in: whoever knows the session of the one before has nothing.
    expect(await whoIs(copy)).toBeNull();
  });
});
