import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, AUTH_EVENTS, AuditTrail, type AuditEntry } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { FAILED_SIGN_INS } from '../../lib/features/administration/audit/audit-filter.js';
import { PASSWORD, STACKS, startApp, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import { plansOf } from './plans.js';

const DAY_MS = 86_400_000;
const TYPES = Object.keys(AUTH_EVENTS) as AuditRow['type'][];

describe.each([
  { adapter: 'express' as const, ...STACKS[0]! },
  { adapter: 'fastify' as const, ...STACKS[1]! },
])('reading the trail on $adapter, $database and $store', (stack) => {
  const clock = new TestClock();
  let app: TestApp;
  let admin: Client;
  let adminId: string;

  beforeAll(async () => {
    app = await startApp({ ...stack, clock });
    await app.get(Accounts).createAdministrator({ email: 'root@example.com', password: PASSWORD });
    // Of what happens in one moment nobody can say which came first.
    clock.advance(1_000);
    admin = app.client();
    adminId = (await admin.signIn('root@example.com')).body.user.id as string;
  });
  afterAll(() => app.close());

  async function entries(query: string): Promise<AuditEntry[]> {
    const { status, body } = await admin.get(`/auth/admin/audit${query}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return body.items as AuditEntry[];
  }

  it('shows who did what, newest first', async () => {
    const [newest, ...others] = await entries('?limit=2');
    expect(newest).toMatchObject({ type: 'sign_in.succeeded', subjectId: adminId, outcome: 'success' });
    expect(newest).toHaveProperty('impersonatorId', null);
    expect(new Date(newest!.at).getTime()).toBe(clock.now());
    expect(others).toHaveLength(1);
  });

  it('narrows by every filter, and by all of them together', async () => {
    clock.advance(1_000);
    await app.client().signIn('nobody@example.com');
    // Recorded after the answer.
    await expect
      .poll(async () => (await entries('?type=sign_in.failed&outcome=failure')).map(({ type }) => type))
      .toEqual(['sign_in.failed']);
    const mine = await entries(`?subjectId=${adminId}&type=sign_in.succeeded,account.created`);
    expect(mine.map(({ type }) => type)).toEqual(['sign_in.succeeded', 'account.created']);
    expect(await entries(`?actorId=${randomUUID()}`)).toEqual([]);
    expect(await entries(`?impersonatorId=${adminId}`)).toEqual([]);
    expect((await entries('?address=127.0.0.1')).length).toBeGreaterThan(0);
    expect(await entries('?address=192.0.2.1')).toEqual([]);
    expect(await entries(`?to=${new Date(clock.now() - DAY_MS).toISOString()}`)).toEqual([]);
    expect((await entries(`?from=${new Date(clock.now() - DAY_MS).toISOString()}`)).length).toBeGreaterThan(0);
  });

  it('pages without losing or repeating an event, also where many have one moment', async () => {
    await app.dataSource.getRepository(AuditRow).insert(rows(25, clock.now() - DAY_MS, 0, 'role.assigned'));
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await admin.get(`/auth/admin/audit?type=role.assigned&limit=7${cursor}`);
      seen.push(...(body.items as AuditEntry[]).map(({ id }) => id));
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '' && seen.length < 100);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBeGreaterThanOrEqual(25);
  });

  it.each([
    ['type=sign_in.unheard_of', 'type'],
    ['outcome=perhaps', 'outcome'],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['cursor=1_x', 'cursor'],
    ["cursor=1_' OR 1=1 --", 'cursor'],
    ['address=somewhere', 'address'],
    ['from=yesterday', 'from'],
    ['to=2026-02-31T00:00:00', 'to'],
    ['actorId=', 'actorId'],
    [`subjectId=${'a'.repeat(37)}`, 'subjectId'],
    ['subject=1', 'subject'],
  ])('refuses ?%s', async (query, field) => {
    const { status, body } = await admin.get(`/auth/admin/audit?${encodeURI(query)}`);
    expect(status).toBe(400);
    expect(body.details[0].field).toBe(field);
  });

  it('lists what failed at signing in', async () => {
    const { body } = await admin.get('/auth/admin/audit/failed-sign-ins');
    const types = (body.items as AuditEntry[]).map(({ type }) => type);
    expect(types).toContain('sign_in.failed');
    expect(types.filter((type) => !FAILED_SIGN_INS.some((each) => each === type))).toEqual([]);
    expect((await admin.get('/auth/admin/audit/failed-sign-ins?type=sign_in.failed')).status).toBe(400);
  });

  it('counts by type and day, with addresses and accounts that failed most', async () => {
    const { status, body } = await admin.get('/auth/admin/audit/statistics');
    expect(status).toBe(200);
    const [day] = body.days.slice(-1);
    expect(day).toMatchObject({ day: new Date(clock.now()).toISOString().slice(0, 10), succeeded: 1 });
    expect(body.events).toContainEqual({ type: 'sign_in.succeeded', outcome: 'success', count: 1 });
    expect(body.addresses[0]).toMatchObject({ address: '127.0.0.1' });
    const wide = await admin.get('/auth/admin/audit/statistics?from=2020-01-01&to=2026-01-01');
    expect(wide.status).toBe(400);
  });

  it('says for how long events are kept, and deletes what is older when asked by a fresh session', async () => {
    const old = rows(3, clock.now() - 91 * DAY_MS, 1, 'role.removed');
    await app.dataSource.getRepository(AuditRow).insert(old);
    const before = await admin.get('/auth/admin/audit/retention');
    expect(before.body).toEqual({ days: 90, oldest: new Date(old[0]!.at).toISOString(), lastRun: null });
    const { status, body } = await admin.post('/auth/admin/audit/retention', {});
    expect([status, body]).toEqual([200, { deleted: 3 }]);
    const [told] = (await admin.get('/auth/admin/audit?type=audit.retention_run')).body.items;
    expect(told).toMatchObject({ actorId: expect.any(String), address: '127.0.0.1', details: { deleted: 3 } });
    expect((await admin.get('/auth/admin/audit/retention')).body.lastRun).not.toBeNull();
    clock.advance(6 * 60_000);
    const stale = await admin.post('/auth/admin/audit/retention', {});
    expect([stale.status, stale.body.code]).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
  });

  it('is read by administrators alone', async () => {
    const user = app.client();
    await user.register('user@example.com');
    await user.signIn('user@example.com');
    for (const path of ['', '/failed-sign-ins', '/statistics', '/chain', '/retention']) {
      expect((await app.client().get(`/auth/admin/audit${path}`)).status).toBe(401);
      expect((await user.get(`/auth/admin/audit${path}`)).status).toBe(403);
    }
  });

  it('finds its way by indexes among 100,000 events', async () => {
    const repository = app.dataSource.getRepository(AuditRow);
    await bulk(app, 100_000, clock.now() - 30 * DAY_MS);
    const { subjectId, actorId, address } = (await repository.find({ order: { at: 'DESC' }, take: 1, skip: 50 }))[0]!;
    const trail = app.get(AuditTrail);
    const plans = await plansOf(app, async () => {
      const { nextCursor } = await trail.list({ limit: 50 });
      await trail.list({ limit: 50, cursor: nextCursor ?? undefined });
      await trail.list({ subjectId: subjectId ?? 'x' });
      await trail.list({ actorId: actorId ?? 'x' });
      await trail.list({ address: address ?? 'x' });
      await trail.list({ impersonatorId: randomUUID() });
      await trail.list({ outcome: 'failure' });
      await trail.failedSignIns();
    });
    expect(plans.length).toBeGreaterThanOrEqual(7 + FAILED_SIGN_INS.length);
    for (const { statement, scans } of plans) expect(scans, statement).toBe(false);
  });
});

function rows(count: number, at: number, stepMs: number, type: AuditRow['type']): AuditRow[] {
  return Array.from({ length: count }, (_, index) => rowOf(at + index * stepMs, type));
}

function rowOf(at: number, type: AuditRow['type']): AuditRow {
  const somebody = randomUUID();
  const facts = { outcome: 'success', identifier: null, userAgent: null, details: {}, impersonatorId: null } as const;
  return {
    ...facts,
    id: randomUUID(),
    at,
    type,
    actorId: somebody,
    subjectId: somebody,
    sessionId: null,
    address: null,
  };
}

/** In statements of SQL that make many rows at once. */
async function bulk({ dataSource }: TestApp, count: number, from: number): Promise<void> {
  const columns = 'id, at, type, outcome, actor_id, subject_id, address, details';
  const postgres = dataSource.options.type === 'postgres';
  const series = postgres
    ? `generate_series(1, ${count}) AS s(n)`
    : `(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${count}) SELECT n FROM s)`;
  const text = (expression: string): string => (postgres ? `(${expression})::text` : `CAST(${expression} AS TEXT)`);
  const hex = (bytes: number): string => `lower(hex(randomblob(${bytes})))`;
  const id = postgres ? 'gen_random_uuid()::text' : [4, 2, 2, 2, 6].map(hex).join(" || '-' || ");
  const type = `CASE n % 5 ${TYPES.slice(0, 5)
    .map((name, index) => `WHEN ${index} THEN '${name}'`)
    .join(' ')} END`;
  await dataSource.query(
    `INSERT INTO auth_audit (${columns}) SELECT ${id}, ${from} + n * 1000, ${type}, ` +
      `CASE WHEN n % 50 = 0 THEN 'failure' ELSE 'success' END, ${text('n % 9000')}, ${text('n % 9000')}, ` +
      `'10.0.0.' || ${text('n % 250')}, '{}' FROM ${series}`,
  );
  await dataSource.query('ANALYZE auth_audit');
}
