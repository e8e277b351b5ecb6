import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../lib/testing/index.js';
import { MINUTE_MS } from '../../lib/common/duration.js';
import { STANDS } from '../support/app.js';
import { begin, landingOf, newAddress, newName, open, rowsOf, startRealStand, whoIs, type RealStand } from './kit.js';

const [EMBEDDED, PRODUCTION] = STANDS;

describe.each([EMBEDDED, PRODUCTION])('a real provider on $adapter with $database and $store', (place) => {
  let stand: RealStand;
  let clock: TestClock;
  beforeAll(async () => {
    clock = new TestClock();
    stand = await startRealStand({ ...place, clock });
  });
  afterAll(() => stand.close());

  function newPerson(): { sub: string; email: string } {
    const person = { sub: newName(), email: newAddress(), emailVerified: true };
    stand.real.put(person);
    return person;
  }

  it('signs somebody new in, and finds the same account again', async () => {
    const { app, real } = stand;
    const { sub, email } = newPerson();
    const client = app.client();
    const back = await real.approve(await begin(client, 'real', { returnTo: '/notes?page=2' }), sub);
    expect(landingOf(await open(client, back))).toMatchObject({ path: '/notes', error: null, challenge: null });
    const user = await whoIs(client);
    expect(user).toMatchObject({ email, emailVerified: true });
    const session = await client.get('/auth/session');
    expect(session.body.methods).toEqual(['oauth']);

    const elsewhere = app.client();
    real.put({ sub, email: newAddress(), emailVerified: true });
    expect(landingOf(await open(elsewhere, await real.approve(await begin(elsewhere, 'real'), sub))).error).toBeNull();
    // The identity is the subject, whatever its address is by now.
    expect(await whoIs(elsewhere)).toEqual(user);
  });

  it('asks for a code with S256, state and nonce, and for nothing in the browser’s reach', async () => {
    const client = stand.app.client();
    const answer = await client.get('/auth/oauth/real?returnTo=/secret-place');
    const asked = new URL(answer.headers.get('location')!).searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w.-]{22,}$/),
      nonce: expect.stringMatching(/^[\w-]{22,}$/),
      redirect_uri: 'http://127.0.0.1:3000/auth/oauth/real/callback',
    });
    expect(asked.get('scope')?.split(' ')).toContain('openid');
    expect(asked.get('prompt')).toBeNull();
    expect(answer.headers.get('cache-control')).toBe('no-store');
    for (const line of answer.setCookies) {
      expect(line).toMatch(/HttpOnly/i);
      expect(line).toMatch(/SameSite=Lax/i);
      expect(line).not.toContain('secret-place');
    }
  });

  it.each([
    ['the first one first', ['/first', '/second']],
    ['the second one first', ['/second', '/first']],
  ])('ends two tabs that were opened at once, %s', async (_order, order) => {
    const { app, real } = stand;
    const { sub } = newPerson();
    const client = app.client();
    const backs = new Map<string, URL>();
    for (const returnTo of ['/first', '/second']) {
      backs.set(returnTo, await real.approve(await begin(client, 'real', { returnTo }), sub));
    }
    for (const path of order) {
      expect(landingOf(await open(client, backs.get(path)!))).toMatchObject({ path, error: null });
    }
    expect(await whoIs(client)).not.toBeNull();
  });

  it('lets in nobody twice by 30 callbacks of one flow', async () => {
    const { app, real } = stand;
    const { sub } = newPerson();
    const client = app.client();
    const back = await real.approve(await begin(client, 'real'), sub);
    const before = await rowsOf(app);
    const cookie = client.cookieHeader();
    const each = Array.from({ length: 30 }, async () => {
      const tab = app.client();
      const landing = landingOf(await tab.get(back.pathname + back.search, { headers: { cookie } }));
      return { landing, signedIn: (await whoIs(tab)) !== null };
    });
    const ended = await Promise.all(each);
    // None at all, where the provider takes back what it gave for a code that comes again (RFC 6749 §4.1.2).
    const winners = ended.filter(({ signedIn }) => signedIn).length;
    expect(winners).toBeLessThanOrEqual(1);
    expect(ended.filter(({ landing }) => landing.error === null)).toHaveLength(winners);
    expect(Object.values(await rowsOf(app))).toEqual(Object.values(before).map((rows) => rows + winners));
  });

  it('says so when somebody cancels', async () => {
    const { app, real } = stand;
    const client = app.client();
    const back = await real.decline(await begin(client, 'real', { returnTo: '/notes' }));
    expect(landingOf(await open(client, back))).toMatchObject({ path: '/notes', error: 'OAUTH_CANCELLED' });
    expect(await whoIs(client)).toBeNull();
  });

  it('keeps a browser signed in that asked for it', async () => {
    const { app, real } = stand;
    const { sub } = newPerson();
    for (const [query, kept] of [
      [{}, false],
      [{ remember: '1' }, true],
    ] as const) {
      const client = app.client();
      const answer = await open(client, await real.approve(await begin(client, 'real', query), sub));
      const cookie = answer.setCookies.find((line) => line.includes('auth_session='));
      expect(/Max-Age=\d/i.test(cookie!)).toBe(kept);
    }
  });

  it('refuses what is older than ten minutes', async () => {
    const { app, real } = stand;
    const { sub } = newPerson();
    const client = app.client();
    const cookie = async (): Promise<string> => client.cookieHeader();
    const back = await real.approve(await begin(client, 'real'), sub);
    const sent = await cookie();
    clock.advance(10 * MINUTE_MS + 1);
    const late = await client.get(back.pathname + back.search, { headers: { cookie: sent } });
    expect(landingOf(late).error).toBe('OAUTH_FAILED');
    expect(await whoIs(client)).toBeNull();
  });

  it('knows nothing of a provider that is not configured', async () => {
    const client = stand.app.client();
    for (const name of ['github', '__proto__', 'constructor', 'REAL', 'real%2F..', 'x'.repeat(500)]) {
      for (const path of [`/auth/oauth/${name}`, `/auth/oauth/${name}/callback?code=a&state=b`]) {
        const { status, body } = await client.get(path);
        // An address of that length is none to one of the adapters.
        expect(name.length < 500 ? [404] : [404, 414], path).toContain(status);
        expect(body?.stack).toBeUndefined();
      }
    }
  });
});
