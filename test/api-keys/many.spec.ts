import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Checklist, Jobs } from '../../lib/index.js';
import { plansOf } from '../audit/plans.js';
import { bearer, expectStatus, makeKey, newOwner, startWorkshop, type Owner, type Workshop } from './kit.js';

const KEYS = 100_000;
const OWN = 20_000;
const DAY_MS = 86_400_000;

const NUMBERS = {
  sqlite: `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${KEYS}) SELECT i FROM n`,
  postgres: `SELECT i FROM generate_series(1, ${KEYS}) AS n(i)`,
} as const;

describe.each(['sqlite', 'postgres'] as const)('with 100,000 keys on %s', (database) => {
  let app: Workshop;
  let owner: Owner;
  let key: string;
  beforeAll(async () => {
    app = await startWorkshop({ database });
    owner = await newOwner(app);
    ({ key } = await makeKey(owner));
    const now = app.clock.now();
    const text = database === 'sqlite' ? (value: string) => value : (value: string) => `(${value})::text`;
    // A fifth of them are the owner's, and over.
    const user = `CASE WHEN i <= ${OWN} THEN '${owner.userId}' ELSE 'user-' || ${text('i / 10')} END`;
    const end = `CASE WHEN i <= ${OWN} THEN ${now - DAY_MS} ELSE ${now + DAY_MS} END`;
    await app.dataSource.query(
      `INSERT INTO auth_api_keys (id, user_id, name, label, hash, created_at, expires_at, ends_at)
       SELECT 'key-' || ${text('i')}, ${user}, 'Robot', 'test', 'hash', ${now - 2 * DAY_MS}, ${end}, ${end}
       FROM (${NUMBERS[database]}) AS numbers`,
    );
    await app.dataSource.query(database === 'sqlite' ? 'ANALYZE' : 'ANALYZE auth_api_keys');
  });
  afterAll(() => app.close());

  it.each<[string, () => Promise<unknown>]>([
    ['a list', () => expectStatus(owner.browser.get('/auth/api-keys?limit=100'), 200)],
    ['a new key and its cap', () => makeKey(owner)],
    ['a key that is used', () => expectStatus(app.client().get('/work', bearer(key)), 200)],
    ['the clean-up', () => app.get(Jobs).run('clean-up')],
    ['the checklist', () => app.get(Checklist).report()],
  ])('%s reads keys by an index', async (_what, work) => {
    const plans = (await plansOf(app, work)).filter(({ statement }) => statement.includes('FROM "auth_api_keys"'));
    expect(plans.length).toBeGreaterThan(0);
    for (const { statement, plan } of plans) {
      const table = database === 'sqlite' ? /^(?:SCAN|SEARCH) (?:k|r|ApiKey|auth_api_keys)\b/ : /Scan .*auth_api_keys/;
      const lines = plan.split('\n').filter((line) => table.test(line));
      expect(lines.length, statement).toBeGreaterThan(0);
      for (const line of lines) expect(line, statement).toMatch(/Index|Bitmap|USING (?:COVERING )?INDEX/);
    }
  });

  it.each([
    [
      'revoking all',
      `UPDATE auth_api_keys SET ends_at = 1 WHERE user_id = 'user-9999' AND ends_at > ${Date.parse('2020-01-01')}`,
    ],
    ['deleting an account', `DELETE FROM auth_api_keys WHERE user_id = 'user-9999'`],
  ])('%s finds them by an index', async (_what, statement) => {
    const explain = database === 'postgres' ? 'EXPLAIN' : 'EXPLAIN QUERY PLAN';
    const rows = await app.dataSource.query<Record<string, unknown>[]>(`${explain} ${statement}`);
    const plan = rows.map((row) => String(row['QUERY PLAN'] ?? row['detail'])).join('\n');
    expect(plan).toMatch(/auth_api_keys_user/);
  });
});
