import 'reflect-metadata';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DATABASES, newDataSource, User } from '../../test/support/app.js';
import { authEntities } from '../auth-entities.js';
import { randomToken, uuidv7 } from '../common/random.js';
import { Database } from '../database/database.js';
import { MysqlRules } from '../database/mysql-rules.js';
import { resolveSettings } from '../options/resolve-options.js';
import { LoginSession } from '../sessions/login-session.entity.js';
import { TestClock } from '../testing/test-clock.js';
import { Account } from '../users/account.entity.js';
import type { RefreshReference } from './refresh-tokens.js';
import { TokenFamilies } from './token-families.service.js';

const HOUR_MS = 3_600_000;

describe.each(DATABASES)('token families on %s', (kind) => {
  const clock = new TestClock();
  let dataSource: DataSource;
  let families: TokenFamilies;
  beforeAll(async () => {
    const settings = resolveSettings(
      { secret: 'q3Vw8nZr1TtXy6Lk0BhJd5Fg2Sa9PoIuEeRrWwQqMmN', baseUrl: 'http://localhost' },
      { NODE_ENV: 'test' },
    );
    dataSource = await newDataSource(kind, { entities: authEntities({ userEntity: User }), synchronize: true });
    const database = new Database(dataSource, settings, clock);
    await new MysqlRules(database, authEntities({ userEntity: User })).apply();
    families = new TokenFamilies(database, clock);
  });
  afterAll(() => dataSource.destroy());

  /** A session at its fifth refresh token, of an account at its second epoch. */
  async function family(
    session: Partial<LoginSession> = {},
    account: Partial<Account> | null = {},
  ): Promise<RefreshReference> {
    const now = clock.now();
    const userId = uuidv7(now);
    const sid = randomToken();
    if (account !== null) await dataSource.getRepository(Account).insert({ userId, epoch: 2, ...account });
    await dataSource.getRepository(LoginSession).insert({
      id: uuidv7(now),
      sid,
      userId,
      epoch: 2,
      createdAt: now - HOUR_MS,
      lastSeenAt: now - 1_000,
      expiresAt: now + HOUR_MS,
      idleMs: 2_000,
      authenticatedAt: now,
      freshUntil: now,
      methods: ['pwd'],
      remember: false,
      csrfSeed: randomToken(),
      ip: '192.0.2.1',
      userAgent: 'test',
      generation: 4,
      rotatedAt: now - 1_000,
      scopes: ['read'],
      revokedAt: null,
      ...session,
    });
    return { userId, sid, generation: 4 };
  }

  const rowOf = ({ sid }: RefreshReference): Promise<LoginSession> =>
    dataSource.getRepository(LoginSession).findOneByOrFail({ sid });

  it('rotate to the next generation, now', async () => {
    const reference = await family();
    const before = await rowOf(reference);
    expect(await families.rotate(reference)).toBe(true);
    const now = clock.now();
    expect(await rowOf(reference)).toEqual({ ...before, generation: 5, rotatedAt: now, lastSeenAt: now });
    expect(await families.read(reference)).toEqual({
      id: before.id,
      generation: 5,
      rotatedAt: now,
      ip: '192.0.2.1',
      userAgent: 'test',
    });
  });

  it('rotate once, of thirty callers at once', async () => {
    const reference = await family();
    const bystander = await family();
    const rotated = await Promise.all(Array.from({ length: 30 }, () => families.rotate(reference)));
    expect(rotated.filter(Boolean)).toHaveLength(1);
    expect((await rowOf(reference)).generation).toBe(5);
    expect((await rowOf(bystander)).generation).toBe(4);
  });

  it.each<[string, Partial<LoginSession>, Partial<Account> | null]>([
    ['revoked', { revokedAt: 1 }, {}],
    ['at its absolute end', { expiresAt: clock.now() }, {}],
    ['at its idle end', { lastSeenAt: clock.now() - 2_000 }, {}],
    ['of an earlier epoch', { epoch: 1 }, {}],
    ['of a later epoch', { epoch: 3 }, {}],
    ['of a disabled account', {}, { disabledAt: 1 }],
    ['of no account', {}, null],
    ['a cookie session', { generation: null, scopes: null }, {}],
  ])('neither rotate nor are read when the session is %s', async (_what, session, account) => {
    const reference = await family(session, account);
    const before = await rowOf(reference);
    expect(await families.rotate(reference)).toBe(false);
    expect(await families.read(reference)).toBeUndefined();
    expect(await rowOf(reference)).toEqual(before);
  });

  it.each([3, 5, 2_147_483_646])('do not rotate from another generation: %d', async (generation) => {
    const reference = await family();
    expect(await families.rotate({ ...reference, generation })).toBe(false);
    expect(await families.read(reference)).toMatchObject({ generation: 4 });
  });

  it('do not rotate for another user, nor for a sid in other letters', async () => {
    const [reference, other] = [await family(), await family()];
    expect(await families.rotate({ ...reference, userId: other.userId })).toBe(false);
    const swapped = reference.sid.replace(/[a-z]/gi, (letter) =>
      letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
    );
    expect(await families.rotate({ ...reference, sid: swapped })).toBe(false);
    expect(await families.read({ ...reference, userId: other.userId })).toBeUndefined();
    expect((await rowOf(reference)).generation).toBe(4);
  });
});
