import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, Jobs, RoleDirectory, Sessions, type AccountQuery } from '../../lib/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { QueryLog } from '../support/query-log.js';
import { newAdministrator } from './kit.js';

const MANY = 100_000;
const KINDS = ['sqlite', 'postgres'] as const;

/** One row for each number from 1 on, by the database itself. */
const NUMBERS = {
  sqlite: `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY}) `,
  postgres: '',
} as const;
const FROM = { sqlite: 'FROM n', postgres: `FROM generate_series(1, ${MANY}) AS n(i)` } as const;
const HEX = { sqlite: "printf('%012x', i)", postgres: "lpad(to_hex(i), 12, '0')" } as const;

/** In the order in which they refer to each other; every thousandth is disabled, every third an editor. */
function fillings(kind: (typeof KINDS)[number]): readonly string[] {
  const fill = (into: string, values: string): string =>
    kind === 'sqlite'
      ? `INSERT INTO ${into} ${NUMBERS[kind]}SELECT ${values} ${FROM[kind]}`
      : `INSERT INTO ${into} SELECT ${values} ${FROM[kind]}`;
  const id = `'01900000-0000-7000-8000-' || ${HEX[kind]}`;
  const address = `'user' || i || '@example.com'`;
  const no = kind === 'sqlite' ? '0' : 'false';
  return [
    fill('users (id, email, email_canonical, created_at)', `${id}, ${address}, ${address}, i`),
    fill(
      'auth_accounts (user_id, epoch, session_seq, failed_in_row, failed_in_row_known, disabled_at)',
      `${id}, 0, 1, 0, 0, CASE WHEN i % 1000 = 0 THEN i END`,
    ),
    fill(
      'auth_user_roles (user_id, role, assigned_at)',
      `${id}, CASE WHEN i % 3 = 0 THEN 'editor' ELSE 'member' END, i`,
    ),
    fill(
      'auth_sessions (id, sid, user_id, epoch, created_at, last_seen_at, expires_at, idle_ms, authenticated_at, ' +
        'fresh_until, methods, remember, csrf_seed, ip, user_agent, revoked_at)',
      `${id}, 's' || i, ${id}, 0, i, 9000000000000, 9000000000000 + i, 1000, i, i, '[]', ${no}, '', '', '', ` +
        'CASE WHEN i % 50 = 0 THEN 8000000000000 + i END',
    ),
  ];
}

/** Keeps statements with what they were asked for. */
class PlanLog extends QueryLog {
  readonly asked: { readonly query: string; readonly parameters: readonly unknown[] }[] = [];

  override logQuery(query: string, parameters: readonly unknown[] = []): void {
    this.asked.push({ query, parameters });
  }
}

describe.each(KINDS)('with 100,000 users, roles and sessions on %s', (database) => {
  const logger = new PlanLog();
  let app: TestApp;
  let somebody: string;
  beforeAll(async () => {
    app = await startApp({
      database,
      typeorm: { logger, logging: ['query'] },
      auth: { jobs: 'manual', roles: { grants: { admin: ['*'], editor: ['notes:*'] } } },
    });
    somebody = (await newAdministrator(app)).who.id;
    for (const statement of fillings(database)) await app.dataSource.query(statement);
    // What docs/administration.md asks for.
    if (database === 'postgres') {
      await app.dataSource.query('CREATE INDEX users_address_search ON users (email_canonical COLLATE "C")');
    }
    await app.dataSource.query('ANALYZE');
  });
  afterAll(() => app.close());

  /** Statements of the work that read a whole table, with what the database says of them. */
  async function wholeTables(work: () => Promise<unknown>): Promise<readonly string[]> {
    const seen = logger.asked.length;
    await work();
    const asked = logger.asked.slice(seen);
    expect(asked.length).toBeGreaterThan(0);
    const bad: string[] = [];
    for (const { query, parameters } of asked) {
      if (!ASKS_LARGE.test(query)) continue;
      const plan = await planOf(query, parameters);
      if (WALKS[database].test(plan)) bad.push(`${query.replaceAll(/(?:[?]|[$]\d+), /g, '')}\n${plan}`);
    }
    return bad;
  }

  async function planOf(query: string, parameters: readonly unknown[]): Promise<string> {
    const explain = database === 'sqlite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN';
    const rows: Record<string, unknown>[] = await app.dataSource.query(`${explain} ${query}`, [...parameters]);
    return rows.map((row) => String(row['detail'] ?? row['QUERY PLAN'])).join('\n');
  }

  const lists: readonly (readonly [string, AccountQuery])[] = [
    ['everybody', {}],
    ['by how the address begins', { email: 'user4' }],
    ['by a whole address', { email: 'user77777@example.com' }],
    ['by address with marks of a pattern', { email: 'user%_' }],
    ['by role', { role: 'editor' }],
    ['by role and address', { role: 'editor', email: 'user99', disabled: false }],
    ['who is disabled', { disabled: true }],
    ['whose address is proven', { emailVerified: true }],
  ];

  it.each(lists)('a list reads no whole table: %s', async (_, query) => {
    const walked = await wholeTables(async () => {
      let cursor: string | undefined;
      for (let page = 0; page < 3; page += 1) {
        const { nextCursor } = await app.get(Accounts).list({ ...query, limit: 20, cursor });
        if (nextCursor === null) break;
        cursor = nextCursor;
      }
    });
    expect(walked).toEqual([]);
  });

  it('searches addresses by the index that is meant for it', async () => {
    const seen = logger.asked.length;
    await app.get(Accounts).list({ email: 'user4' });
    const { query, parameters } = logger.asked.slice(seen).find(({ query: each }) => each.includes('"position"'))!;
    expect(await planOf(query, parameters)).toMatch(ADDRESS_INDEX[database]);
  });

  it('finds the few that there are', async () => {
    const accounts = app.get(Accounts);
    const found = await accounts.list({ email: 'user77777@' });
    expect(found.items.map(({ email }) => email)).toEqual(['user77777@example.com']);
    expect((await accounts.list({ disabled: true, limit: 100 })).items).toHaveLength(100);
    const rare = await accounts.list({ emailVerified: true, email: 'user1' });
    expect([rare.items, rare.nextCursor]).toEqual([[], expect.any(String)]);
  });

  it('reads no whole table for one user, the roles, the sessions of one, or what makes sure of an administrator', async () => {
    const accounts = app.get(Accounts);
    const walked = await wholeTables(async () => {
      await accounts.view(somebody);
      await accounts.lockStatus(somebody);
      await app.get(RoleDirectory).list();
      await app.get(RoleDirectory).of(somebody);
      await app.get(Sessions).list(somebody);
      await accounts.removeRole(somebody, 'admin').catch(() => undefined);
      await accounts.disable(somebody).catch(() => undefined);
    });
    expect(walked).toEqual([]);
    const editors = (await app.get(RoleDirectory).list()).find(({ name }) => name === 'editor');
    expect([editors?.users, editors?.more]).toEqual([1_000, true]);
  });

  it('cleans up without reading whole tables', async () => {
    expect(await wholeTables(() => app.get(Jobs).run('clean-up'))).toEqual([]);
  });
});

/** Other tables have a few rows, which any database reads whole. */
const LARGE = 'users|auth_accounts|auth_user_roles|auth_sessions';
const ASKS_LARGE = new RegExp(`^(?:SELECT .* FROM|UPDATE|DELETE FROM) "(?:${LARGE})"`, 's');
const ADDRESS_INDEX = { sqlite: /SEARCH u USING INDEX/, postgres: /users_address_search/ } as const;
const WALKS = {
  sqlite: /\bSCAN (?!dummy_table)\w+$/m,
  postgres: new RegExp(`Seq Scan on "?(?:${LARGE})`),
} as const;
