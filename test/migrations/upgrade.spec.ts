import { createHash } from 'node:crypto';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { DATABASES, PASSWORD, startApp, type AppSetup } from '../support/app.js';
import {
  asFile,
  connect,
  Customer,
  dump,
  fill,
  makePreviousSchema,
  newConnection,
  plan,
  type Rows,
} from './migration-kit.js';

const ADA = '01890000-0000-7000-8000-00000000ada0';
const EVE = '01890000-0000-7000-8000-00000000e4e0';

/** The tables of the release before, and one of the application. */
const TABLES = [
  'auth_accounts',
  'auth_audit',
  'auth_identities',
  'auth_jobs',
  'auth_one_time_tokens',
  'auth_outbox',
  'auth_passkey_users',
  'auth_passkeys',
  'auth_password_history',
  'auth_recovery_codes',
  'auth_sessions',
  'auth_totp',
  'auth_user_roles',
  'orders',
  'users',
];

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close();
});

/** As the hasher of the tests hashes. */
function hashOf(password: string): string {
  return `$test$salt$${createHash('sha256').update(`salt$${password}`).digest('base64url')}`;
}

/** Rows of now, reduced to the columns of before. */
function asBefore(now: Rows, before: Rows): Rows {
  return Object.fromEntries(
    Object.entries(before).map(([table, rows]) => {
      const columns = Object.keys(rows[0]!);
      const kept = now[table]!.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
      return [table, kept];
    }),
  );
}

async function columnsOf(dataSource: DataSource): Promise<Record<string, string[]>> {
  const runner = dataSource.createQueryRunner();
  const tables = await runner.getTables(TABLES);
  await runner.release();
  const named = tables.map(({ name, columns, indices }): [string, string[]] => [
    name.split('.').at(-1)!,
    [...columns.map((column) => `${column.name} ${column.type}`), ...indices.map((index) => index.name!)].sort(),
  ]);
  return Object.fromEntries(named);
}

describe.each(DATABASES)('an upgrade from the release before, on %s', (database) => {
  it('keeps every row, up and down, and the application goes on', async () => {
    const options = await newConnection(database);
    await makePreviousSchema(database, options);
    const dataSource = await connect(options);
    running.push({ close: () => dataSource.destroy() });
    await fill(dataSource, TABLES, EVE);
    await dataSource
      .createQueryBuilder()
      .insert()
      .into('users')
      .values({
        id: ADA,
        email: 'ada@example.com',
        email_canonical: 'ada@example.com',
        created_at: '1795000000000',
        email_verified_at: '1795000000000',
        password_hash: hashOf(PASSWORD),
        plan: 'gold',
      })
      .execute();
    const [before, shape] = [await dump(dataSource, TABLES), await columnsOf(dataSource)];

    const upgrade = await plan(options);
    expect(upgrade.up.length).toBeGreaterThan(0);
    expect(upgrade.changes).toEqual([]);
    expect(upgrade.up.filter((statement) => /\b(?:orders|users)\b/.test(statement))).toEqual([]);
    const migrating = await connect(options, asFile(upgrade));
    running.push({ close: () => migrating.destroy() });
    await migrating.runMigrations();
    expect(asBefore(await dump(dataSource, TABLES), before)).toEqual(before);
    expect((await plan(options)).up).toEqual([]);

    const app = await startApp(setupOf(options));
    running.push(app);
    expect((await app.client().signIn('ada@example.com')).status).toBe(200);
    await app.get(Accounts).assignRole(ADA, 'editor');
    expect((await app.get(Accounts).find(ADA))?.roles).toEqual(['editor']);
    await running.pop()!.close();

    await migrating.undoLastMigration();
    expect(await columnsOf(dataSource)).toEqual(shape);
    const after = await dump(dataSource, TABLES);
    for (const table of TABLES) expect(after[table]).toEqual(expect.arrayContaining(before[table]!));
    await migrating.runMigrations();
    expect((await plan(options)).up).toEqual([]);
  });
});

function setupOf(options: DataSourceOptions): AppSetup {
  return {
    ...('url' in options ? { databaseUrl: options.url! } : {}),
    typeorm: { ...options, synchronize: false },
    auth: { userEntity: Customer as never, jobs: 'manual' },
  };
}
