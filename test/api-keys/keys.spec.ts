import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, ApiKeys, Jobs } from '../../lib/index.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { ApiKey } from '../../lib/features/api-keys/api-key.entity.js';
import { OutboxEntry } from '../../lib/mail/outbox-entry.entity.js';
import { Account } from '../../lib/users/account.entity.js';
import { lettersOf } from '../events/kit.js';
import { PASSWORD } from '../support/app.js';
import {
  bearer,
  codeOf,
  expectStatus,
  header,
  makeKey,
  newOwner,
  SCOPES,
  startWorkshop,
  type Owner,
  type Workshop,
} from './kit.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const KEY = /^gk_test_[0-9a-f]{32}_[0-9A-Za-z]{49}$/;

describe.each([
  { adapter: 'express', database: 'sqlite', store: 'memory' },
  { adapter: 'fastify', database: 'postgres', store: 'redis' },
] as const)('API keys ($adapter, $database, $store)', (stand) => {
  let app: Workshop;
  beforeAll(async () => {
    app = await startWorkshop({ ...stand, auth: { apiKeys: { cap: 4, rateLimit: 1 } } });
  });
  afterAll(() => app.close());

  const rowsOf = (userId: string) => app.dataSource.getRepository(ApiKey).findBy({ userId });
  const list = async ({ browser }: Owner): Promise<any[]> =>
    (await expectStatus(browser.get('/auth/api-keys'), 200)).body.items;
  const ask = async (path: string, key: string) => codeOf(await app.client().get(path, header(key)));
  const auditOf = (userId: string) =>
    app.dataSource.getRepository(AuditRow).find({ where: { subjectId: userId }, order: { at: 'ASC', id: 'ASC' } });

  it('are made by a fresh session, shown once, and kept as a hash', async () => {
    const owner = await newOwner(app);
    const answer = await owner.browser.post('/auth/api-keys', { name: ' Robot ' });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { key, ...view } = answer.body;
    expect(key).toMatch(KEY);
    expect(view).toEqual({
      id: expect.any(String),
      name: 'Robot',
      start: key.slice(0, key.lastIndexOf('_')),
      scopes: null,
      paused: false,
      createdAt: expect.any(String),
      expiresAt: new Date(app.clock.now() + 365 * DAY_MS).toISOString(),
      lastUsedAt: null,
      lastUsedIp: null,
    });
    expect(await list(owner)).toEqual([view]);
    const [row] = await rowsOf(owner.userId);
    const stored = createHash('sha256').update(`gatehouse/api-key/v1\0${view.id}\0${key}`).digest('base64url');
    expect(row!.hash).toBe(stored);
    const everything = JSON.stringify([
      row,
      await auditOf(owner.userId),
      await app.dataSource.getRepository(OutboxEntry).find(),
    ]);
    expect(everything).not.toContain(key.slice(key.lastIndexOf('_') + 1));
    const letters = (await lettersOf(app)).filter(({ userId }) => userId === owner.userId);
    expect(letters.map(({ kind, data }) => [kind, data?.['change']])).toEqual([
      ['second-factor-changed', 'api-key-created'],
    ]);
    app.clock.advance(6 * MINUTE_MS);
    for (const [method, path, body] of [
      ['POST', '/auth/api-keys', { name: 'Late' }],
      ['PATCH', `/auth/api-keys/${view.id}`, { name: 'Late' }],
      ['DELETE', `/auth/api-keys/${view.id}`, undefined],
      ['DELETE', '/auth/api-keys', undefined],
    ] as const) {
      const late = await owner.browser.call(method, path, { body });
      expect(codeOf(late), `${method} ${path}`).toBe('403 REAUTHENTICATION_REQUIRED');
    }
    expect(await list(owner)).toHaveLength(1);
  });

  it('say who calls, in either header, with the rights of the owner and nothing proven', async () => {
    const owner = await newOwner(app, ['clerk']);
    const { key, id } = await makeKey(owner);
    for (const how of [bearer, header]) {
      expect((await app.client().get('/work', how(key))).body).toEqual({
        userId: owner.userId,
        via: 'api-key',
        sessionId: id,
        roles: ['clerk'],
        permissions: ['notes:write'],
        scopes: Object.keys(SCOPES),
        methods: [],
      });
    }
    // No cookie decides, so no CSRF token is asked for.
    await expectStatus(app.client().post('/work', undefined, bearer(key)), 201);
    expect(await ask('/clerks', key)).toBe('200');
    expect(await ask('/machines', key)).toBe('200');
    expect(await ask('/people', key)).toBe('403 FORBIDDEN');
    expect(await ask('/fresh', key)).toBe('403 REAUTHENTICATION_REQUIRED');
    expect(codeOf(await owner.browser.get('/machines'))).toBe('403 FORBIDDEN');
  });

  it('decide alone: a bad one is refused beside a good cookie, on optional routes, and never anonymous', async () => {
    const owner = await newOwner(app);
    const { key } = await makeKey(owner);
    const other = await makeKey(owner);
    const last = key.at(-1) === 'x' ? 'y' : 'x';
    const bad = {
      'a typo': key.slice(0, -1) + last,
      'another case': key.slice(0, -1) + swapCase(key.at(-1)!),
      'a made-up key': madeUp(key),
      'the secret of another': checked(`${key.slice(0, key.lastIndexOf('_'))}_${other.key.slice(-49, -6)}`),
      'another label': checked(key.slice(0, -6).replace('gk_test_', 'gk_live_')),
      'something behind it': `${key}a`,
      nothing: 'gk_',
      'no key at all': 'x',
    };
    for (const [what, text] of Object.entries(bad)) {
      for (const path of ['/work', '/maybe']) {
        const answer = await owner.browser.get(path, header(text));
        expect(codeOf(answer), `${what} at ${path}`).toBe('401 INVALID_API_KEY');
        expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      }
      if (!text.startsWith('gk_')) continue;
      expect(codeOf(await owner.browser.get('/maybe', bearer(text))), what).toBe('401 INVALID_API_KEY');
    }
    const both = { headers: { authorization: `Bearer ${key}`, 'x-api-key': key } };
    expect(codeOf(await app.client().get('/work', both))).toBe('400 MALFORMED_REQUEST');
    expect((await app.client().get('/maybe', header(key))).body).toEqual({ via: 'api-key' });
    expect((await app.client().get('/maybe')).body).toEqual({ via: 'nobody' });
  });

  it('are limited by their scopes and by what the owner may be granted at this moment', async () => {
    const owner = await newOwner(app, ['clerk']);
    const { key, id } = await makeKey(owner, { scopes: ['notes:read', 'notes:write', 'notes:read'] });
    const all = await makeKey(owner);
    const none = await makeKey(owner, { scopes: [] });
    expect((await app.client().get('/work', header(key))).body.scopes).toEqual(['notes:read', 'notes:write']);
    expect(await ask('/write', key)).toBe('200');
    expect(await ask('/read', none.key)).toBe('403 FORBIDDEN');
    await app.get(Accounts).removeRole(owner.userId, 'clerk');
    expect(await ask('/write', key)).toBe('403 FORBIDDEN');
    expect(await ask('/write', all.key)).toBe('403 FORBIDDEN');
    expect(await ask('/clerks', key)).toBe('403 FORBIDDEN');
    expect(await ask('/read', key)).toBe('200');
    for (const scopes of [['notes:write'], ['made:up'], ['constructor'], ['notes:read', 'notes:write']]) {
      const asked = [
        owner.browser.post('/auth/api-keys', { name: 'More', scopes }),
        owner.browser.call('PATCH', `/auth/api-keys/${id}`, { body: { scopes } }),
      ];
      for (const answer of await Promise.all(asked)) {
        expect(answer.status).toBe(400);
        expect(answer.body.details).toEqual([{ field: 'scopes', rule: 'scope', message: expect.any(String) }]);
      }
    }
    const narrower = { body: { scopes: [] } };
    expect((await owner.browser.call('PATCH', `/auth/api-keys/${id}`, narrower)).body.scopes).toEqual([]);
    expect(await ask('/read', key)).toBe('403 FORBIDDEN');
  });

  it('get no scope from a token that it does not have itself', async () => {
    const owner = await newOwner(app, ['clerk']);
    const wide = await makeKey(owner, { scopes: ['notes:read'] });
    const signedIn = await app.client().signIn(owner.email, PASSWORD, { deliver: 'tokens', scope: 'account' });
    const token = bearer(signedIn.body.access_token as string);
    const made = await expectStatus(app.client().post('/auth/api-keys', { name: 'Robot' }, token), 201);
    expect(made.body.scopes).toEqual(['account']);
    expect(await ask('/read', made.body.key)).toBe('403 FORBIDDEN');
    const more = { name: 'Robot', scopes: ['account', 'notes:read'] };
    const asked = [
      app.client().post('/auth/api-keys', more, token),
      ...[made.body, wide].map(({ id }) =>
        app.client().call('PATCH', `/auth/api-keys/${id}`, { ...token, body: { scopes: more.scopes } }),
      ),
    ];
    for (const answer of await Promise.all(asked)) expect(codeOf(answer)).toBe('400 VALIDATION_FAILED');
    const all = await app.client().signIn(owner.email, PASSWORD, { deliver: 'tokens' });
    const whole = bearer(all.body.access_token as string);
    const like = await expectStatus(app.client().post('/auth/api-keys', more, whole), 201);
    expect(await ask('/read', like.body.key)).toBe('200');
  });

  it('are renamed, paused and resumed', async () => {
    const owner = await newOwner(app);
    const { key, id } = await makeKey(owner);
    const patch = (body: object) => owner.browser.call('PATCH', `/auth/api-keys/${id}`, { body });
    expect((await patch({ name: 'Crane', paused: true })).body).toMatchObject({ id, name: 'Crane', paused: true });
    expect(await ask('/work', key)).toBe('401 INVALID_API_KEY');
    app.clock.advance(1);
    expect((await patch({ paused: false })).body).toMatchObject({ name: 'Crane', paused: false });
    expect(await ask('/work', key)).toBe('200');
    for (const body of [
      {},
      { name: '' },
      { name: 'a\u202Eb' },
      { name: 'x'.repeat(81) },
      { key: 'x' },
      { paused: 1 },
    ]) {
      expect(codeOf(await patch(body)), JSON.stringify(body)).toBe('400 VALIDATION_FAILED');
    }
    const rows = (await auditOf(owner.userId)).filter(({ type }) => type === 'api_key.updated');
    expect(rows.map(({ details }) => details)).toEqual([
      { key: id, named: true, paused: true },
      { key: id, paused: false },
    ]);
  });

  it('end when they are revoked, one or all, and when their time is over', async () => {
    const owner = await newOwner(app);
    const stranger = await newOwner(app);
    const [one, two, three] = [
      await makeKey(owner),
      await makeKey(owner, { expiresIn: 60 }),
      await makeKey(owner, { expiresAt: new Date(app.clock.now() + DAY_MS).toISOString() }),
    ];
    for (const { key } of [one, two, three]) expect(await ask('/work', key)).toBe('200');
    for (const id of [one.id, 'x', '0'.repeat(36)]) {
      expect(codeOf(await stranger.browser.delete(`/auth/api-keys/${id}`))).toBe('404 NOT_FOUND');
      const body = { name: 'Mine' };
      expect(codeOf(await stranger.browser.call('PATCH', `/auth/api-keys/${id}`, { body }))).toBe('404 NOT_FOUND');
    }
    await expectStatus(owner.browser.delete(`/auth/api-keys/${one.id}`), 204);
    expect(codeOf(await owner.browser.delete(`/auth/api-keys/${one.id}`))).toBe('404 NOT_FOUND');
    expect(await ask('/work', one.key)).toBe('401 INVALID_API_KEY');
    app.clock.advance(MINUTE_MS - 1);
    expect(await ask('/work', two.key)).toBe('200');
    app.clock.advance(1);
    expect(await ask('/work', two.key)).toBe('401 INVALID_API_KEY');
    expect((await list(owner)).map(({ id }) => id)).toEqual([three.id]);
    expect((await expectStatus(owner.browser.delete('/auth/api-keys'), 200)).body).toEqual({ revoked: 1 });
    expect((await owner.browser.delete('/auth/api-keys')).body).toEqual({ revoked: 0 });
    expect(await ask('/work', three.key)).toBe('401 INVALID_API_KEY');
    const revoked = (await auditOf(owner.userId)).filter(({ type }) => type === 'api_key.revoked');
    expect(revoked.map(({ details }) => details)).toEqual([{ key: one.id }, { revoked: 1 }]);
    app.clock.advance(31 * DAY_MS);
    await app.get(Jobs).run('clean-up');
    expect(await rowsOf(owner.userId)).toEqual([]);
  });

  it.each([
    [{ expiresIn: 59 }, 'expiresIn'],
    [{ expiresIn: 401 * 86_400 }, 'expiresIn'],
    [{ expiresIn: 1.5e3 + 0.5 }, 'expiresIn'],
    [{ expiresIn: 600, expiresAt: '2100-01-01T00:00:00Z' }, 'expiresIn'],
    [{ expiresAt: '2100-01-01T00:00:00Z' }, 'expiresAt'],
    [{ expiresAt: '2001-01-01T00:00:00Z' }, 'expiresAt'],
    [{ expiresAt: 'tomorrow' }, 'expiresAt'],
    [{ name: '' }, 'name'],
    [{ userId: 'x' }, 'userId'],
    [{ scopes: 'notes:read' }, 'scopes'],
  ])('are not made of %j', async (body, field) => {
    const owner = await newOwner(app);
    const answer = await owner.browser.post('/auth/api-keys', { name: 'Robot', ...body });
    expect(answer.status).toBe(400);
    expect(answer.body.details.map((each: { field: string }) => each.field)).toEqual([field]);
  });

  it('are refused by an account that is disabled, for good, and gone with one that is deleted', async () => {
    const owner = await newOwner(app);
    const { key } = await makeKey(owner);
    expect(await ask('/work', key)).toBe('200');
    await app.get(Accounts).disable(owner.userId);
    expect(await ask('/work', key)).toBe('401 INVALID_API_KEY');
    await expect(app.get(ApiKeys).create(owner.userId, { name: 'Late' })).rejects.toMatchObject({
      code: 'NOT_AUTHENTICATED',
    });
    await app.get(Accounts).enable(owner.userId);
    expect(await ask('/work', key)).toBe('401 INVALID_API_KEY');
    await owner.browser.signIn(owner.email);
    expect(await list(owner)).toEqual([]);
    const next = await makeKey(owner);
    expect(await ask('/work', next.key)).toBe('200');
    const stopped = await makeKey(owner);
    const accounts = app.dataSource.getRepository(Account);
    await accounts.update({ userId: owner.userId }, { disabledAt: app.clock.now() });
    expect(await ask('/work', stopped.key)).toBe('401 INVALID_API_KEY');
    await accounts.update({ userId: owner.userId }, { disabledAt: null });
    await app.get(Accounts).delete(owner.userId);
    expect(await ask('/work', next.key)).toBe('401 INVALID_API_KEY');
    expect(await rowsOf(owner.userId)).toEqual([]);
    expect((await auditOf(owner.userId)).filter(({ address }) => address !== null)).toEqual([]);
  });

  it('outlive a new password and signing out everywhere', async () => {
    const owner = await newOwner(app);
    const { key } = await makeKey(owner);
    await app.get(Accounts).setPassword(owner.userId, `${PASSWORD} anew`);
    expect(codeOf(await owner.browser.get('/work'))).toBe('401 NOT_AUTHENTICATED');
    expect(await ask('/work', key)).toBe('200');
  });

  it('say when and from where they were used, to a minute', async () => {
    const owner = await newOwner(app);
    const { key } = await makeKey(owner);
    const used = app.clock.now();
    await ask('/work', key);
    const at = new Date(used).toISOString();
    expect(await list(owner)).toMatchObject([{ lastUsedAt: at, lastUsedIp: '127.0.0.1' }]);
    app.clock.advance(MINUTE_MS - 1);
    await ask('/work', key);
    expect(await list(owner)).toMatchObject([{ lastUsedAt: at }]);
    app.clock.advance(2 * MINUTE_MS);
    await ask('/work', key);
    expect((await list(owner))[0].lastUsedAt).not.toBe(at);
  });

  it('that are refused leave one row a minute', async () => {
    const owner = await newOwner(app);
    const { key, id } = await makeKey(owner);
    const forged = checked(`${key.slice(0, -49)}${'0'.repeat(43)}`);
    await Promise.all(Array.from({ length: 10 }, () => ask('/work', forged)));
    await ask('/work', madeUp(key));
    const refused = async () => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return (await auditOf(owner.userId)).filter(({ type }) => type === 'api_key.refused');
    };
    expect(await refused()).toMatchObject([
      { outcome: 'failure', actorId: null, address: '127.0.0.1', details: { key: id, reason: 'secret' } },
    ]);
    app.clock.advance(MINUTE_MS + 1);
    await owner.browser.delete(`/auth/api-keys/${id}`);
    await ask('/work', key);
    await ask('/work', key);
    const reasons = (await refused()).map(({ details }) => details['reason']);
    // Redis counts by its own clock.
    expect(reasons).toEqual(stand.store === 'redis' ? ['secret'] : ['secret', 'ended']);
  });

  it('are as many as apiKeys.cap, whoever makes them, and however many at once', async () => {
    const owner = await newOwner(app);
    await app.get(ApiKeys).create(owner.userId, { name: 'Of the application' });
    const made = await Promise.all(
      Array.from({ length: 30 }, () => owner.browser.post('/auth/api-keys', { name: 'Robot' })),
    );
    const codes = made.map(codeOf).sort();
    expect(codes.filter((code) => code === '201')).toHaveLength(3);
    expect(codes.filter((code) => code === '409 LIMIT_REACHED')).toHaveLength(27);
    expect(await list(owner)).toHaveLength(4);
    await owner.browser.delete(`/auth/api-keys/${made.find(({ status }) => status === 201)!.body.id}`);
    await makeKey(owner);
  });

  it('are listed a page at a time, the newest first', async () => {
    const owner = await newOwner(app);
    const made = [await makeKey(owner), await makeKey(owner), await makeKey(owner)]
      .map(({ id }) => id)
      .sort()
      .reverse();
    const first = (await owner.browser.get('/auth/api-keys?limit=2')).body;
    expect(first.items.map(({ id }: { id: string }) => id)).toEqual(made.slice(0, 2));
    const rest = (await owner.browser.get(`/auth/api-keys?limit=2&cursor=${first.nextCursor}`)).body;
    expect(rest).toMatchObject({ items: [{ id: made[2] }], nextCursor: null });
    expect(codeOf(await owner.browser.get('/auth/api-keys?limit=0'))).toBe('400 VALIDATION_FAILED');
  });

  it('that were made before the address was proven go with its proof', async () => {
    const email = `early-${stand.adapter}@example.com`;
    await expectStatus(app.client().register(email), 202);
    const browser = app.client();
    const userId: string = (await browser.signIn(email)).body.user.id;
    const early = await makeKey({ browser });
    await app.client().register(email);
    expect(await ask('/work', early.key)).toBe('200');
    await app.get(Accounts).markEmailVerified(userId);
    expect(await ask('/work', early.key)).toBe('401 INVALID_API_KEY');
    expect(await rowsOf(userId)).toEqual([]);
  });
});

function swapCase(text: string): string {
  const other = text.toLowerCase() === text ? text.toUpperCase() : text.toLowerCase();
  return other === text ? 'Z' : other;
}

/** With check digits that are right: they keep nobody out. */
function checked(body: string): string {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let rest = crc32(body);
  let text = '';
  for (; text.length < 6; rest = Math.floor(rest / 62)) text = digits[rest % 62]! + text;
  return body + text;
}

function madeUp(key: string): string {
  return checked(`gk_test_${'0'.repeat(32)}_${key.slice(-49, -6)}`);
}
