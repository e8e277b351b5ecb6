import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, Principal, Sessions, Tokens } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { newPerson, signedIn, withRedis, type Person } from '../sessions/kit.js';
import { STACKS, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import {
  asBearer,
  challengeOf,
  generationOf,
  INVALID,
  newFamily,
  problemOf,
  refresh,
  refreshed,
  usable,
} from './kit.js';
import { askCode, codeIn, codeOf, redeem, SPENT, startCodes, VERIFIER } from './code-lab.js';

describe.each(STACKS)('a one-time code on $database and $store', (stack) => {
  let app: TestApp;
  const clock = new TestClock();
  beforeAll(async () => {
    app = await startCodes({ ...stack, clock });
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

  it('begins a session of its own, for a verifier that fits', async () => {
    const { person, browser, code } = await asked(['editor']);
    expect(code).toMatch(/^[\w-]{43}$/);
    const { status, body } = await redeem(app, code);
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
    expect(problemOf(await redeem(app, code, verifier))).toBe(SPENT);
    expect(problemOf(await redeem(app, code))).toBe(SPENT);
  });

  it('is good once, and ends what it began when it comes again', async () => {
    const { code, browser } = await asked();
    const { body } = await redeem(app, code);
    const second = await refreshed(app, body);
    expect(problemOf(await redeem(app, code, 'x'.repeat(43)))).toBe(SPENT);
    expect(await usable(app, second)).toBe(false);
    expect(problemOf(await refresh(app, second.refresh_token))).toBe(INVALID);
    expect((await browser.get('/whoami')).status).toBe(200);
    expect(problemOf(await redeem(app, code))).toBe(SPENT);
  });

  it('is good for nobody of thirty at once: whatever the first was given ends with the second', async () => {
    const { code, person, browser } = await asked();
    const answers = await Promise.all(Array.from({ length: 30 }, () => redeem(app, code)));
    const given = answers.filter(({ status }) => status === 200);
    expect(given.length).toBeLessThanOrEqual(1);
    expect(answers.filter(({ status }) => status !== 200).map(problemOf)).toEqual(
      new Array(30 - given.length).fill(SPENT),
    );
    for (const { body } of given) expect(await usable(app, body)).toBe(false);
    const live = await app.get(Sessions).list(person.userId);
    expect(live.items.map(({ id }) => id)).toEqual([(await browser.get('/whoami')).body.sessionId]);
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
    const answer = await redeem(app, it.code);
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_grant']);
    await app
      .get(Accounts)
      .enable(it.person.userId)
      .catch(() => undefined);
    expect(problemOf(await redeem(app, it.code))).toBe(SPENT);
  });

  it('of another epoch is refused also where no session is asked for', async () => {
    const { person } = await asked();
    const { sessionId: _asker, ...who } = (await app.get(Tokens).verify((await newFamily(app)).first.access_token))!;
    const principal = { ...who, userId: person.userId, scopes: undefined } as unknown as Principal;
    const code = await app.get(Tokens).authorizationCode(principal, { codeChallenge: challengeOf(VERIFIER) });
    await app.get(Sessions).revokeAll(person.userId);
    expect(problemOf(await redeem(app, code))).toBe(SPENT);
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
    expect((await redeem(app, early.code)).status).toBe(200);
    clock.advance(1_000);
    expect(problemOf(await redeem(app, late.code))).toBe(SPENT);
  });

  it('begins a session that is no fresher than the one that asked for it', async () => {
    const person = await newPerson(app);
    const browser = await signedIn(app, person);
    const before = (await browser.get('/whoami')).body;
    clock.advance(4 * 60_000);
    const { body } = await redeem(app, await codeOf(browser));
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
    expect((await redeem(app, code)).body.scope).toBe('notes:write');
    const { first } = await newFamily(app, ['editor'], { scope: 'notes:read' });
    expect((await redeem(app, codeIn(await askCode(app, first)))).body.scope).toBe('notes:read');
    const wider = await askCode(app, first, { scope: 'notes:write' });
    expect([wider.status, wider.body.code]).toEqual([400, 'VALIDATION_FAILED']);
    const none = await newFamily(app, ['service'], { scope: 'token:introspect' });
    await app.get(Accounts).removeRole(none.person.userId, 'service');
    const { status, body } = await askCode(app, none.first);
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
