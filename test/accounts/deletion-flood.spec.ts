import { afterEach, expect, it } from 'vitest';
import { Accounts, Jobs } from '../../lib/index.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { Keyring } from '../../lib/keys/keyring.js';
import { TestClock } from '../../lib/testing/index.js';
import { DATABASES, startApp, type TestApp } from '../support/app.js';

const ADA = 'ada@example.com';
const MANY = 10_600;

let app: TestApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

it.each(DATABASES)('requests of strangers keep no account from being deleted, on %s', async (database) => {
  const clock = new TestClock();
  app = await startApp({ database, clock, auth: { jobs: 'manual' } });
  const { id } = (await app.get(Accounts).create({ email: ADA }))!;
  const trail = app.dataSource.getRepository(AuditRow);
  const keyring = app.get(Keyring);
  const row = { type: 'password.reset_requested', outcome: 'success', address: '192.0.2.1', details: {} } as const;
  const rows = Array.from({ length: MANY + 2 }, (_, index) => ({
    ...row,
    id: `row-${index}`,
    at: clock.now() + (index === 1 ? 1 : 0),
    identifier: keyring.identifierDigest(index === 0 ? 'eve@example.com' : ADA),
  }));
  while (rows.length > 0) await trail.insert(rows.splice(0, 500));

  await app.get(Accounts).delete(id);
  expect(await trail.countBy({ type: row.type, address: row.address })).toBe(MANY + 2 - 10_000);
  const own = { subjectId: id, type: 'account.deleted' } as const;
  expect((await trail.findOneByOrFail(own)).identifier).toBe(keyring.identifierDigest(ADA));

  expect(await app.get(Jobs).run('audit-retention')).toBe(MANY - 10_000);
  const left = await trail.findBy({ type: row.type, address: row.address });
  // Of somebody else, and of the time after.
  expect(left.map((each) => each.id).sort()).toEqual(['row-0', 'row-1']);
  expect((await trail.findOneByOrFail(own)).identifier).toBeNull();
  expect(await app.get(Jobs).run('audit-retention')).toBe(0);
});
