import type { Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../lib/database/database.js';
import { Accounts } from '../../lib/index.js';
import { OneTimeToken } from '../../lib/one-time-tokens/one-time-token.entity.js';
import { OneTimeTokens } from '../../lib/one-time-tokens/one-time-tokens.service.js';
import { PasswordHistoryEntry } from '../../lib/passwords/password-history-entry.entity.js';
import { LoginSession } from '../../lib/sessions/login-session.entity.js';
import { MailAccounts } from '../../lib/users/mail-accounts.service.js';
import { withRedis } from '../sessions/kit.js';
import { MARIADB_STACK, PASSWORD, STACKS, type DatabaseKind, type TestApp } from '../support/app.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import { register, rowsOf, startOver } from './kit.js';
import { CLIENTS, MEMBERS, PEOPLE, type Legacy } from './tables.js';

const ADA = 'ada@example.com';
const EVE = 'eve@example.com';
const ANOTHER = 'a quite different passphrase';

/** What a host may do behind Gatehouse's back, after which the next row has the number of the first. */
const startAgain: Readonly<Record<DatabaseKind, (table: string) => string>> = {
  sqlite: (table) => `DELETE FROM ${table}`,
  postgres: (table) => `TRUNCATE ${table} RESTART IDENTITY`,
  mariadb: (table) => `TRUNCATE ${table}`,
};

const MAKERS: readonly (readonly [how: string, make: (app: TestApp, legacy: Legacy, email: string) => unknown])[] = [
  [
    'made by code',
    (app, { body }, email) => app.get(Accounts).create({ email, password: PASSWORD, fields: { ...body } }),
  ],
  ['who registered', register],
];

/** Both ways on every stack, each over the other table. */
const MATRIX = [...STACKS, MARIADB_STACK].flatMap((stack, turn) =>
  MAKERS.map(([how, make], index) => ({ ...stack, legacy: [PEOPLE, MEMBERS][(turn + index) % 2]!, how, make })),
);

describe.each(MATRIX)('a user $how with a number that comes back, in $legacy.table on $database', (setup) => {
  const { legacy, make, ...stack } = setup;

  it('inherits no session, not even for as long as one is remembered', async () => {
    const app = await startOver(legacy, stack);
    await make(app, legacy, ADA);
    const old = app.client();
    const { id } = (await old.signIn(ADA)).body.user;
    expect((await old.get('/whoami')).body).toMatchObject({ userId: id });
    await app.dataSource.query(startAgain[stack.database](legacy.table));
    await make(app, legacy, EVE);
    expect((await rowsOf(app, legacy.table)).map((row) => String(row[legacy.id]))).toEqual([id]);
    for (const [method, path] of [
      ['GET', '/auth/me'],
      ['GET', '/whoami'],
      ['GET', '/auth/sessions'],
      ['DELETE', '/auth/me'],
    ] as const) {
      expect([path, (await old.call(method, path)).status]).toEqual([path, 401]);
    }
    expect((await app.client().signIn(EVE)).body.user).toMatchObject({ id });
  });

  it('inherits no earlier password, no link and no role', async () => {
    const app = await startOver(legacy, stack, { auth: { passwords: { history: 3 }, roles: { default: ['member'] } } });
    await make(app, legacy, ADA);
    const { id } = (await app.client().signIn(ADA)).body.user;
    const accounts = app.get(Accounts);
    await accounts.setPassword(id, ANOTHER);
    await accounts.assignRole(id, 'admin');
    const account = (await app.get(MailAccounts).find(id))!;
    const issue = (manager: EntityManager) =>
      app.get(OneTimeTokens).issue(manager, { purpose: 'reset-password', account });
    const token = await app.get(Database).write(issue);
    await app.dataSource.query(startAgain[stack.database](legacy.table));
    await make(app, legacy, EVE);
    const countOf = (entity: Type): Promise<number> => app.dataSource.getRepository(entity).countBy({ userId: id });
    const counts = [await countOf(PasswordHistoryEntry), await countOf(OneTimeToken), await countOf(LoginSession)];
    expect(counts).toEqual([0, 0, 0]);
    const client = app.client();
    expect((await client.signIn(EVE)).body.user).toMatchObject({ id, roles: ['member'] });
    expect((await client.post('/auth/password/reset', { token, password: ANOTHER })).status).toBe(400);
    const mine = { currentPassword: PASSWORD, password: ANOTHER };
    expect((await client.post('/auth/password/change', mine)).status).toBe(200);
  });
});

describe('the number of a new user', () => {
  let redis: PrivateRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it('is forgotten by the store with as many commands as a taken address costs', async () => {
    const stack = { database: 'postgres', store: 'redis' } as const;
    const app = await startOver(PEOPLE, stack, { redisUrl: redis.url, auth: { roles: { default: ['member'] } } });
    const commands = async (email: string): Promise<string[]> => {
      await withRedis(redis.url, (client) => client.configResetStat());
      expect((await register(app, PEOPLE, email)).status).toBe(202);
      const stats = await withRedis(redis.url, (client) => client.info('commandstats'));
      return [...stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].map(([, name, calls]) => `${name} ${calls}`).sort();
    };
    // Scripts are loaded by the first.
    await commands('first@example.com');
    const free = await commands(ADA);
    // The version that the change ends, and the one of whoever had the number.
    expect(free).toContain('del 2');
    expect(await commands(ADA)).toEqual(free);
  });
});

describe("tokens.checking: 'signature', by which the token of a deleted user is good until it expires", () => {
  const auth = { tokens: { checking: 'signature' } } as const;
  const sqlite = { database: 'sqlite', store: 'memory' } as const;
  const over = (legacy: Legacy, replaced: string, by: string): Legacy => ({
    ...legacy,
    ddl: (kind) => legacy.ddl(kind).replace(replaced, by),
  });
  const FITS = /INTEGER PRIMARY KEY AUTOINCREMENT.*tokens\.checking: 'session'/;

  it('refuses the start over a table that hands out numbers twice, with both options and the ways out', async () => {
    const refused = startOver(PEOPLE, sqlite, { auth });
    await expect(refused).rejects.toThrow(/tokens\.checking: 'signature'.*userColumns\.id: people\.person_id/);
    await expect(startOver(PEOPLE, sqlite, { auth })).rejects.toThrow(FITS);
    await expect(startOver(MEMBERS, sqlite, { auth })).rejects.toThrow(FITS);
  });

  it.each([
    ['a comment', 'INTEGER PRIMARY KEY /* AUTOINCREMENT */'],
    ['a comment of one line', 'INTEGER PRIMARY KEY -- PRIMARY KEY AUTOINCREMENT\n'],
    ['a default', "INTEGER PRIMARY KEY, note text DEFAULT 'PRIMARY KEY AUTOINCREMENT'"],
    ['a name', 'INTEGER PRIMARY KEY, "PRIMARY KEY AUTOINCREMENT" text'],
  ])('is not taken in by %s', async (_, by) => {
    await expect(startOver(over(PEOPLE, 'INTEGER PRIMARY KEY', by), sqlite, { auth })).rejects.toThrow(FITS);
  });

  it.each(['PRIMARY KEY AUTOINCREMENT', 'primary /* key */ key ASC\n autoincrement NOT NULL'])(
    'starts over one that does not: %s',
    async (by) => {
      const app = await startOver(over(PEOPLE, 'PRIMARY KEY', by), sqlite, { auth });
      await register(app, PEOPLE, ADA);
      const { id } = (await app.client().signIn(ADA)).body.user;
      await app.get(Accounts).delete(id);
      await register(app, PEOPLE, EVE);
      expect((await app.client().signIn(EVE)).body.user.id).not.toBe(id);
    },
  );

  it('starts over identities, serials and AUTO_INCREMENT, which do not, and over ids that are no numbers', async () => {
    for (const legacy of [PEOPLE, MEMBERS, CLIENTS]) {
      for (const stack of [STACKS[1]!, MARIADB_STACK]) await startOver(legacy, stack, { auth });
    }
    await startOver(CLIENTS, sqlite, { auth });
  });

  it('refuses the start over a sequence that cycles', async () => {
    const stack = { database: 'postgres', store: 'memory' } as const;
    const cycling = over(PEOPLE, 'AS IDENTITY', 'AS IDENTITY (CYCLE)');
    await expect(startOver(cycling, stack, { auth })).rejects.toThrow(/without CYCLE.*tokens\.checking: 'session'/);
    const serial = { rows: ['ALTER SEQUENCE members_no_seq CYCLE'], auth };
    await expect(startOver(MEMBERS, stack, serial)).rejects.toThrow(/members\.no /);
    await startOver(cycling, stack);
  });
});
