import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, ApiKeys, StateStore } from '../../lib/index.js';
import { QueryLog } from '../support/query-log.js';
import {
  bearer,
  codeOf,
  header,
  makeKey,
  newOwner,
  startWorkshop,
  type MadeKey,
  type Owner,
  type Workshop,
} from './kit.js';

interface Change {
  readonly what: string;
  readonly answer: string;
  readonly path?: string;
  make(app: Workshop, owner: Owner, key: MadeKey): Promise<unknown>;
}

const patch = ({ browser }: Owner, { id }: MadeKey, body: object) =>
  browser.call('PATCH', `/auth/api-keys/${id}`, { body });

const CHANGES: readonly Change[] = [
  {
    what: 'a revoked key',
    answer: '401 INVALID_API_KEY',
    make: (_app, { browser }, { id }) => browser.delete(`/auth/api-keys/${id}`),
  },
  {
    what: 'every key revoked',
    answer: '401 INVALID_API_KEY',
    make: (app, { userId }) => app.get(ApiKeys).revokeAll(userId),
  },
  {
    what: 'a paused key',
    answer: '401 INVALID_API_KEY',
    make: (_app, owner, key) => patch(owner, key, { paused: true }),
  },
  {
    what: 'a narrowed key',
    path: '/read',
    answer: '403 FORBIDDEN',
    make: (_app, owner, key) => patch(owner, key, { scopes: [] }),
  },
  {
    what: 'a key whose owner lost a role',
    path: '/clerks',
    answer: '403 FORBIDDEN',
    make: (app, { userId }) => app.get(Accounts).removeRole(userId, 'clerk'),
  },
  {
    what: 'a scope that the owner may be granted no longer',
    path: '/write',
    answer: '403 FORBIDDEN',
    make: (app, { userId }) => app.get(Accounts).removeRole(userId, 'clerk'),
  },
  {
    what: 'a key of somebody disabled',
    answer: '401 INVALID_API_KEY',
    make: (app, { userId }) => app.get(Accounts).disable(userId),
  },
  {
    what: 'a key of somebody deleted',
    answer: '401 INVALID_API_KEY',
    make: (app, { userId }) => app.get(Accounts).delete(userId),
  },
];

describe('two instances over PostgreSQL and Redis', () => {
  const log = new QueryLog();
  let one: Workshop;
  let other: Workshop;
  beforeAll(async () => {
    one = await startWorkshop({ adapter: 'express', database: 'postgres', store: 'redis', auth: { instances: 2 } });
    const { clock, databaseUrl, redisUrl } = one;
    other = await startWorkshop({
      adapter: 'fastify',
      clock,
      databaseUrl: databaseUrl!,
      redisUrl: redisUrl!,
      typeorm: { logger: log, logging: ['query'] },
      auth: { instances: 2 },
    });
  });
  afterAll(() => Promise.all([one.close(), other.close()]));

  const ask = async (app: Workshop, key: string, path = '/work') => codeOf(await app.client().get(path, bearer(key)));

  it.each(CHANGES)('$what is refused by the next request on the other', async ({ path, answer, make }) => {
    const owner = await newOwner(one, ['clerk']);
    const made = await makeKey(owner, { scopes: ['notes:read', 'notes:write'] });
    for (const app of [one, other]) expect(await ask(app, made.key, path)).toBe('200');
    await make(one, owner, made);
    expect(await ask(other, made.key, path)).toBe(answer);
    expect(await ask(one, made.key, path)).toBe(answer);
  });

  it('a key in use costs one round trip and no SQL, and a mistyped one costs nothing', async () => {
    const { key } = await makeKey(await newOwner(one));
    expect(await ask(other, key)).toBe('200');
    const store = other.get(StateStore) as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const calls: string[] = [];
    const names = ['get', 'getMany', 'set', 'setIfAbsent', 'consume', 'take', 'delete'] as const;
    const before = names.map((name) => [name, store[name]!] as const);
    for (const [name, method] of before) {
      store[name] = (...args) => {
        calls.push(name);
        return method.apply(store, args);
      };
    }
    try {
      log.statements = [];
      for (let turn = 0; turn < 3; turn += 1) expect(await ask(other, key)).toBe('200');
      expect(calls).toEqual(Array.from({ length: 3 }, () => ['getMany', 'consume']).flat());
      expect(log.statements).toEqual([]);
      calls.length = 0;
      expect(await ask(other, `${key.slice(0, -1)}${key.endsWith('x') ? 'y' : 'x'}`)).toBe('401 INVALID_API_KEY');
      expect([calls, log.statements]).toEqual([[], []]);
    } finally {
      for (const [name, method] of before) store[name] = method;
    }
  });

  it('thirty keys made at once at both are no more than the cap', async () => {
    const owner = await newOwner(one);
    const there = other.client();
    await there.signIn(owner.email);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        (index % 2 === 0 ? owner.browser : there).post('/auth/api-keys', { name: 'Robot' }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(answers.filter((answer) => codeOf(answer) === '409 LIMIT_REACHED')).toHaveLength(10);
    const revoked = await Promise.all(Array.from({ length: 10 }, () => one.get(ApiKeys).revokeAll(owner.userId)));
    expect(revoked.reduce((sum, count) => sum + count)).toBe(20);
  });

  it('a key that is made while its session ends does not outlive the sign-out of a stranger', async () => {
    const owner = await newOwner(one);
    const id: string = (await owner.browser.get('/auth/sessions')).body.items[0].id;
    const by = { actorId: owner.userId, sessionId: id };
    await owner.browser.post('/auth/logout');
    await expect(one.get(ApiKeys).create(owner.userId, { name: 'Late' }, by)).rejects.toMatchObject({
      code: 'NOT_AUTHENTICATED',
    });
    expect((await one.get(ApiKeys).list(owner.userId)).items).toEqual([]);
  });

  it('a key that is used while it is revoked is refused from the answer on', async () => {
    const owner = await newOwner(one);
    const made = await makeKey(owner);
    let isOver = false;
    const users = Array.from({ length: 10 }, async () => {
      for (let turn = 0; turn < 8; turn += 1) {
        const wasOver = isOver;
        const answer = await ask(other, made.key);
        if (wasOver) expect(answer).toBe('401 INVALID_API_KEY');
      }
    });
    await one.get(ApiKeys).revoke(owner.userId, made.id);
    isOver = true;
    await Promise.all(users);
    expect(await ask(other, made.key)).toBe('401 INVALID_API_KEY');
  });
});

describe('limits', () => {
  let app: Workshop;
  beforeAll(async () => {
    app = await startWorkshop({ auth: { apiKeys: { rateLimit: 5 }, rateLimits: { multiplier: 1 } } });
  });
  afterAll(() => app.close());

  it('a key has so many requests a minute, which nobody uses up without it', async () => {
    const { key } = await makeKey(await newOwner(app));
    const ask = () => app.client().get('/work', header(key));
    const forged = `${key.slice(0, -1)}${key.endsWith('x') ? 'y' : 'x'}`;
    for (let turn = 0; turn < 6; turn += 1) await app.client().get('/work', header(forged));
    for (let turn = 0; turn < 5; turn += 1) expect((await ask()).status).toBe(200);
    const refused = await ask();
    expect(codeOf(refused)).toBe('429 RATE_LIMITED');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    app.clock.advance(60_001);
    expect((await ask()).status).toBe(200);
  });
});
