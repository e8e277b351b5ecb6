import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, Sessions, Tokens } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { newPerson, signedIn, until } from '../sessions/kit.js';
import { ADAPTERS, STACKS, type TestApp } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { startRedis } from '../support/redis-server.js';
import {
  asBearer,
  DAY_MS,
  INVALID,
  newFamily,
  problemOf,
  refresh,
  refreshed,
  rowOf,
  startTokens,
  tokensOf,
  usable,
  type Family,
  type TokenSet,
} from './kit.js';

describe.each(STACKS)('POST /token/revoke on $database and $store', (stack) => {
  let app: TestApp;
  const clock = new TestClock();
  beforeAll(async () => {
    app = await startTokens({ ...stack, clock, auth: { rateLimits: { multiplier: 1_000 } } });
  });
  afterAll(() => app.close());

  const revoke = (token: string, more: object = {}): Promise<Answer> =>
    app.client().post('/auth/token/revoke', { token, ...more });

  const KINDS: readonly [string, (family: Family) => Promise<string> | string][] = [
    ['the access token', ({ first }) => first.access_token],
    ['the refresh token', ({ first }) => first.refresh_token],
    [
      'a spent refresh token',
      async ({ first }) => {
        await refreshed(app, first);
        return first.refresh_token;
      },
    ],
    [
      'a refresh token spent long ago',
      async ({ first }) => {
        await refreshed(app, await refreshed(app, first));
        return first.refresh_token;
      },
    ],
    [
      'an expired access token',
      async ({ first }) => {
        clock.advance(DAY_MS);
        expect(await usable(app, first)).toBe(false);
        return first.access_token;
      },
    ],
  ];

  it.each(KINDS)('ends the session by %s, and nothing else', async (_what, tokenOf) => {
    const family = await newFamily(app);
    const token = await tokenOf(family);
    const sibling = await tokensOf(app, family.person);
    const answer = await revoke(token, { token_type_hint: 'anything', client_id: 'x' });
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await usable(app, family.first)).toBe(false);
    expect(problemOf(await refresh(app, family.first.refresh_token))).toBe(INVALID);
    expect(await usable(app, sibling)).toBe(true);
    // It has ended already, which is no error (RFC 7009 §2.2).
    expect((await revoke(token)).status).toBe(200);
  });

  it('answers the same for what is none of ours, and ends nothing', async () => {
    const { first, person } = await newFamily(app);
    const [head, body, mac] = first.access_token.split('.') as [string, string, string];
    const browser = await signedIn(app, person);
    const none = [
      'x',
      'x'.repeat(50_000),
      '\u0000',
      `${first.access_token}A`,
      `${head}.${body}.${'A'.repeat(mac.length)}`,
      `${head}.${body}.`,
      first.refresh_token.replace(/.{43}$/, 'A'.repeat(43)),
      browser.cookies.get('auth_session')!,
    ];
    for (const token of none) {
      const { status, text } = await revoke(token);
      expect([status, text]).toEqual([200, '']);
    }
    expect(await usable(app, first)).toBe(true);
    expect((await browser.get('/whoami')).status).toBe(200);
  });

  it('needs no other credential, and minds none', async () => {
    const { first, person } = await newFamily(app);
    const browser = await signedIn(app, person);
    const headers = { origin: 'https://elsewhere.example', authorization: 'Bearer nonsense' };
    const answer = await browser.post('/auth/token/revoke', { token: first.refresh_token }, { csrf: false, headers });
    expect(answer.status).toBe(200);
    expect(answer.setCookies).toEqual([]);
    expect(await usable(app, first)).toBe(false);
    expect((await browser.get('/whoami')).status).toBe(200);
  });
});

describe('while the state store is down', () => {
  it('a revocation is answered 503 and is done', { timeout: 60_000 }, async () => {
    const redis = await startRedis();
    const app = await startTokens({ database: 'postgres', redisUrl: redis.url });
    try {
      const [family, other] = [await newFamily(app), await newFamily(app)];
      expect(await usable(app, family.first)).toBe(true);
      await redis.stop();
      const revoked = await app.client().post('/auth/token/revoke', { token: family.first.refresh_token });
      expect(problemOf(revoked)).toBe('503 temporarily_unavailable STORE_UNAVAILABLE');
      expect(revoked.headers.get('retry-after')).toBe('1');
      expect((await rowOf(app, family.person)).revokedAt).not.toBeNull();
      const answer = await refresh(app, other.first.refresh_token);
      expect(problemOf(answer)).toBe('503 temporarily_unavailable STORE_UNAVAILABLE');
      expect((await asBearer(app, other.first.access_token)).status).toBe(503);
      expect(await rowOf(app, other.person)).toMatchObject({ generation: 0, revokedAt: null });

      await redis.restart();
      await until(async () => (await asBearer(app, other.first.access_token)).status === 200, 'the store is back');
      expect(await usable(app, family.first)).toBe(false);
      expect(problemOf(await refresh(app, family.first.refresh_token))).toBe(INVALID);
      expect(await usable(app, await refreshed(app, other.first))).toBe(true);
    } finally {
      await app.close();
      await redis.stop();
    }
  });
});

const INACTIVE = { active: false };

describe.each(ADAPTERS)('POST /token/introspect on %s', (adapter) => {
  let app: TestApp;
  const clock = new TestClock();
  beforeAll(async () => {
    app = await startTokens({ adapter, clock, auth: { rateLimits: { multiplier: 1_000 } } });
  });
  afterAll(() => app.close());

  const ask = async ({ access_token }: TokenSet, token: string): Promise<unknown> => {
    const { status, body } = await asBearer(app, access_token, '/auth/token/introspect', 'POST', { token });
    expect(status).toBe(200);
    return body;
  };

  it("tells of the caller's own tokens", async () => {
    const { first, person } = await newFamily(app, ['editor'], { scope: 'notes:read' });
    const seconds = Math.floor(clock.now() / 1_000);
    const common = {
      active: true,
      sub: person.userId,
      scope: 'notes:read',
      iss: 'http://127.0.0.1:3000',
      aud: 'http://127.0.0.1:3000',
      client_id: 'app',
      iat: seconds,
    };
    expect(await ask(first, first.access_token)).toEqual({
      ...common,
      token_type: 'Bearer',
      exp: seconds + 900,
      jti: expect.stringMatching(/^[\w-]{22}$/),
    });
    expect(await ask(first, first.refresh_token)).toEqual({
      ...common,
      exp: Math.floor((clock.now() + 14 * DAY_MS) / 1_000),
    });
    const sibling = await tokensOf(app, person);
    expect(await ask(sibling, first.access_token)).toMatchObject({ active: true });
    const browser = await signedIn(app, person);
    expect((await browser.post('/auth/token/introspect', { token: first.access_token })).body.active).toBe(true);
  });

  it('calls inactive what is spent, expired, revoked or none of ours', async () => {
    const { first, person } = await newFamily(app);
    const second = await refreshed(app, first);
    expect(await ask(second, first.refresh_token)).toEqual(INACTIVE);
    expect(await ask(second, second.refresh_token)).toMatchObject({ active: true });
    for (const token of ['x', `${second.access_token}A`, `${second.refresh_token}A`, 'x'.repeat(20_000)]) {
      expect(await ask(second, token)).toEqual(INACTIVE);
    }
    clock.advance(15 * 60_000);
    const third = await refreshed(app, second);
    expect(await ask(third, second.access_token)).toEqual(INACTIVE);
    const caller = await tokensOf(app, person);
    const { items } = await app.get(Sessions).list(person.userId);
    await app.get(Sessions).revoke(person.userId, items.at(-1)!.id);
    for (const token of [third.access_token, third.refresh_token]) expect(await ask(caller, token)).toEqual(INACTIVE);
  });

  it('tells of the scopes that a token has now', async () => {
    const { first, person } = await newFamily(app, ['editor']);
    expect(await ask(first, first.access_token)).toMatchObject({ scope: 'notes:read notes:write' });
    await app.get(Accounts).removeRole(person.userId, 'editor');
    expect(await ask(first, first.access_token)).toMatchObject({ scope: 'notes:read' });
    expect(await ask(first, first.refresh_token)).toMatchObject({ scope: 'notes:read' });
  });

  it("tells of another's token to a bearer with the scope for it alone", async () => {
    const { first: subject } = await newFamily(app);
    const stranger = await newFamily(app, ['editor', 'admin']);
    const service = await newFamily(app, ['service']);
    const narrow = await tokensOf(app, service.person, { scope: 'notes:read' });
    for (const token of [subject.access_token, subject.refresh_token]) {
      expect(await ask(stranger.first, token)).toEqual(INACTIVE);
      expect(await ask(narrow, token)).toEqual(INACTIVE);
      expect(await ask(service.first, token)).toMatchObject({ active: true });
    }
    // A cookie is limited by no scope, and grants none.
    const browser = await signedIn(app, service.person);
    const answer = await browser.post('/auth/token/introspect', { token: subject.access_token });
    expect([answer.status, answer.body]).toEqual([200, INACTIVE]);
    await app.get(Accounts).removeRole(service.person.userId, 'service');
    expect(await ask(service.first, subject.access_token)).toEqual(INACTIVE);
  });

  it('asks for a credential, and is no use of the token', async () => {
    const { first, person } = await newFamily(app);
    const anonymous = await app.client().post('/auth/token/introspect', { token: first.access_token });
    expect(problemOf(anonymous)).toBe('401 invalid_token NOT_AUTHENTICATED');
    expect(anonymous.headers.get('www-authenticate')).toBe('Bearer');
    const wrong = await asBearer(app, 'nonsense', '/auth/token/introspect', 'POST', { token: first.access_token });
    expect(problemOf(wrong)).toBe('401 invalid_token INVALID_ACCESS_TOKEN');
    expect(wrong.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    const byCookie = await (
      await signedIn(app, await newPerson(app))
    ).post('/auth/token/introspect', { token: first.access_token }, { csrf: false });
    expect(problemOf(byCookie)).toBe('403 access_denied CSRF_FAILED');
    clock.advance(5 * 60_000);
    const before = await rowOf(app, person);
    const other = await newFamily(app, ['service']);
    expect(await ask(other.first, first.access_token)).toMatchObject({ active: true });
    expect(await rowOf(app, person)).toEqual(before);
    expect(await app.get(Tokens).introspect(first.access_token)).toMatchObject({ active: true });
  });
});
