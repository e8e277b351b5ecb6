import { createHash } from 'node:crypto';
import { Controller, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, Auth, CurrentPrincipal, Principal, Sessions, Tokens } from '../../lib/index.js';
import { Exchange, type HttpExchange } from '../../lib/http/exchange.decorator.js';
import { TestClock } from '../../lib/testing/index.js';
import { newPerson, signedIn, withRedis, type Person } from '../sessions/kit.js';
import { STACKS, type TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';
import {
  asBearer,
  askToken,
  challengeOf,
  generationOf,
  INVALID,
  newFamily,
  problemOf,
  refresh,
  refreshed,
  startTokens,
  TokenRoutes,
  usable,
} from './kit.js';

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const SPENT = '401 invalid_grant CHALLENGE_EXPIRED';

/** How a host hands a code to its native application. */
@Controller('native')
class NativeController {
  constructor(private readonly tokens: Tokens) {}

  @Post('code')
  @Auth()
  async code(@CurrentPrincipal() who: Principal, @Exchange() { request }: HttpExchange): Promise<{ code: string }> {
    return { code: await this.tokens.authorizationCode(who, request.body as { codeChallenge: string }) };
  }
}

describe.each(STACKS)('a one-time code on $database and $store', (stack) => {
  let app: TestApp;
  const clock = new TestClock();
  beforeAll(async () => {
    app = await startTokens({
      ...stack,
      clock,
      controllers: [TokenRoutes, NativeController],
      auth: { rateLimits: { multiplier: 1_000 } },
    });
  });
  afterAll(() => app.close());

  interface Asked {
    readonly person: Person;
    readonly browser: Client;
    readonly code: string;
  }

  async function asked(roles: readonly string[] = [], more: object = {}): Promise<Asked> {
    const person = await newPerson(app, roles);
    const browser = await signedIn(app, person);
    return { person, browser, code: await codeOf(browser, more) };
  }

  async function codeOf(browser: Client, more: object = {}): Promise<string> {
    const { status, body } = await browser.post('/native/code', { codeChallenge: challengeOf(VERIFIER), ...more });
    expect(status).toBe(201);
    return body.code as string;
  }

  const redeem = (code: string, code_verifier = VERIFIER): Promise<Answer> =>
    askToken(app, { grant_type: 'authorization_code', code, code_verifier });

  it('begins a session of its own, for a verifier that fits', async () => {
    const { person, browser, code } = await asked(['editor']);
    expect(code).toMatch(/^[\w-]{43}$/);
    const { status, body } = await redeem(code);
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'notes:read notes:write' });
    const native = await asBearer(app, body.access_token);
    expect(native.body).toMatchObject({ userId: person.userId, via: 'bearer' });
    expect(native.body.sessionId).not.toBe((await browser.get('/whoami')).body.sessionId);
    expect(generationOf((await refreshed(app, body)).refresh_token)).toBe(1);
    await browser.post('/auth/logout');
    expect(await usable(app, body)).toBe(true);
  });

  it.each([
    ['another', VERIFIER.replace('d', 'e')],
    ['the challenge itself', challengeOf(VERIFIER)],
    ['one that is too short', VERIFIER.slice(0, 42)],
    ['one that is too long', VERIFIER.repeat(3)],
    ['one with strange characters', `${VERIFIER}\u00e9`],
  ])('is spent by a verifier that does not fit: %s', async (_what, verifier) => {
    const { code } = await asked();
    expect(problemOf(await redeem(code, verifier))).toBe(SPENT);
    expect(problemOf(await redeem(code))).toBe(SPENT);
  });

  it('is good once, and ends what it began when it comes again', async () => {
    const { code, browser } = await asked();
    const { body } = await redeem(code);
    const second = await refreshed(app, body);
    expect(problemOf(await redeem(code, 'x'.repeat(43)))).toBe(SPENT);
    expect(await usable(app, second)).toBe(false);
    expect(problemOf(await refresh(app, second.refresh_token))).toBe(INVALID);
    expect((await browser.get('/whoami')).status).toBe(200);
    expect(problemOf(await redeem(code))).toBe(SPENT);
  });

  it('is good for one of thirty at once', async () => {
    const { code, person } = await asked();
    const answers = await Promise.all(Array.from({ length: 30 }, () => redeem(code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status !== 200).map(problemOf)).toEqual(new Array(29).fill(SPENT));
    const rows = await app.dataSource.query(`SELECT id FROM auth_sessions WHERE user_id = '${person.userId}'`);
    expect(rows).toHaveLength(2);
  });

  it.each<[string, (it: Asked) => Promise<unknown>]>([
    ['its session was signed out', ({ browser }) => browser.post('/auth/logout')],
    ['its session was revoked', ({ person }) => app.get(Sessions).revokeOthers(person.userId, '')],
    ['its user was signed out everywhere', ({ person }) => app.get(Sessions).revokeAll(person.userId)],
    ['the password is another', ({ person }) => app.get(Accounts).setPassword(person.userId, 'another long password')],
    ['the account is disabled', ({ person }) => app.get(Accounts).disable(person.userId)],
    ['the account is gone', ({ person }) => app.get(Accounts).delete(person.userId)],
  ])('dies when %s', async (_what, make) => {
    const it = await asked();
    await make(it);
    const answer = await redeem(it.code);
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_grant']);
    await app
      .get(Accounts)
      .enable(it.person.userId)
      .catch(() => undefined);
    expect(problemOf(await redeem(it.code))).toBe(SPENT);
  });

  it('of another epoch is refused also where no session is asked for', async () => {
    const { person } = await asked();
    const { sessionId: _asker, ...who } = (await app.get(Tokens).verify((await newFamily(app)).first.access_token))!;
    const principal = { ...who, userId: person.userId, scopes: undefined } as unknown as Principal;
    const code = await app.get(Tokens).authorizationCode(principal, { codeChallenge: challengeOf(VERIFIER) });
    await app.get(Sessions).revokeAll(person.userId);
    expect(problemOf(await redeem(code))).toBe('401 invalid_grant INVALID_CREDENTIALS');
  });

  it('is over after a minute', async () => {
    // The state store counts the minute itself: what is shared keeps the time of its server.
    if (stack.store === 'redis') {
      const { code } = await asked();
      const key = createHash('sha256').update(code).digest('base64url');
      const left = await withRedis(app.redisUrl!, (client) => client.pTTL(`gh:code:${key}`));
      expect(left).toBeGreaterThan(50_000);
      expect(left).toBeLessThanOrEqual(60_000);
      return;
    }
    const [early, late] = [await asked(), await asked()];
    clock.advance(59_000);
    expect((await redeem(early.code)).status).toBe(200);
    clock.advance(1_000);
    expect(problemOf(await redeem(late.code))).toBe(SPENT);
  });

  it('begins a session that is no fresher than the one that asked for it', async () => {
    const person = await newPerson(app);
    const browser = await signedIn(app, person);
    const before = (await browser.get('/whoami')).body;
    clock.advance(4 * 60_000);
    const { body } = await redeem(await codeOf(browser));
    const { authenticatedAt, freshUntil, methods } = (await asBearer(app, body.access_token)).body;
    expect({ authenticatedAt, freshUntil, methods }).toEqual({
      authenticatedAt: before.authenticatedAt,
      freshUntil: before.freshUntil,
      methods: ['pwd'],
    });
    expect((await asBearer(app, body.access_token, '/vault', 'POST')).status).toBe(201);
    clock.advance(60_000);
    expect((await asBearer(app, body.access_token, '/vault', 'POST')).body.code).toBe('REAUTHENTICATION_REQUIRED');
  });

  it('carries the scopes that were asked for, of those that a bearer token has', async () => {
    const { code } = await asked(['editor'], { scope: 'notes:write' });
    expect((await redeem(code)).body.scope).toBe('notes:write');
    const { first } = await newFamily(app, ['editor'], { scope: 'notes:read' });
    const codeBy = (body: object = {}): Promise<Answer> =>
      asBearer(app, first.access_token, '/native/code', 'POST', { codeChallenge: challengeOf(VERIFIER), ...body });
    expect((await redeem((await codeBy()).body.code)).body.scope).toBe('notes:read');
    const wider = await codeBy({ scope: 'notes:write' });
    expect([wider.status, wider.body.code]).toEqual([400, 'VALIDATION_FAILED']);
    const none = await newFamily(app, ['service'], { scope: 'token:introspect' });
    await app.get(Accounts).removeRole(none.person.userId, 'service');
    const { status, body } = await asBearer(app, none.first.access_token, '/native/code', 'POST', {
      codeChallenge: challengeOf(VERIFIER),
    });
    expect([status, body.code]).toEqual([403, 'FORBIDDEN']);
  });

  it('is not made for a challenge that is none, nor for one in plain', async () => {
    const browser = await signedIn(app, await newPerson(app));
    for (const codeChallenge of ['', 'x', VERIFIER.slice(1), `${VERIFIER}=`, `${VERIFIER.slice(1)}+`]) {
      const { status, body } = await browser.post('/native/code', { codeChallenge });
      expect([status, body.code, body.details[0].field]).toEqual([400, 'VALIDATION_FAILED', 'code_challenge']);
    }
  });

  it('leaves nothing in the store that a reader could redeem', async () => {
    if (stack.store !== 'redis') return;
    const { code } = await asked();
    const keys = await withRedis(app.redisUrl!, (client) => client.keys('*'));
    expect(keys.some((key) => key.startsWith('gh:code:'))).toBe(true);
    expect(keys.join()).not.toContain(code);
  });
});
