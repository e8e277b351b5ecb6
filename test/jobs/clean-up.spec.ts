import { afterEach, describe, expect, it } from 'vitest';
import { Jobs } from '../../lib/index.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { RowSweeper } from '../../lib/jobs/row-sweeper.js';
import { OutboxEntry } from '../../lib/mail/outbox-entry.entity.js';
import { OneTimeToken } from '../../lib/one-time-tokens/one-time-token.entity.js';
import { LoginSession } from '../../lib/sessions/login-session.entity.js';
import { TestClock } from '../../lib/testing/index.js';
import { newPerson } from '../events/kit.js';
import { DATABASES, startApp, type TestApp } from '../support/app.js';

const DAY_MS = 86_400_000;

let app: TestApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

const token = (userId: string, tokenId: string, expiresAt: number, usedAt: number | null = null): OneTimeToken => ({
  userId,
  purpose: 'unlock',
  tokenId,
  hash: 'h',
  epoch: 0,
  address: 'a',
  newAddress: null,
  binding: null,
  createdAt: 0,
  expiresAt,
  usedAt,
});

describe.each(DATABASES)('on %s', (database) => {
  it('what has been over for long enough goes, and nothing else', async () => {
    const clock = new TestClock();
    app = await startApp({ database, clock, auth: { jobs: 'manual' } });
    const { email } = await newPerson(app);
    for (let times = 0; times < 5; times += 1) await app.client().signIn(email, undefined, { rememberMe: true });
    const sessions = app.dataSource.getRepository(LoginSession);
    const [live, revoked, over, idle, fresh] = await sessions.find({ order: { id: 'ASC' } });
    clock.advance(20 * DAY_MS);
    const now = clock.now();
    const week = now - 7 * DAY_MS;
    await sessions.update({ id: live!.id }, { lastSeenAt: now, expiresAt: now + DAY_MS });
    await sessions.update({ id: revoked!.id }, { lastSeenAt: now, revokedAt: week - 1 });
    await sessions.update({ id: over!.id }, { lastSeenAt: now, expiresAt: week - 1 });
    await sessions.update({ id: idle!.id }, { lastSeenAt: week - 1_001, idleMs: 1_000 });
    await sessions.update({ id: fresh!.id }, { lastSeenAt: week, idleMs: 1_000, revokedAt: week });

    const tokens = app.dataSource.getRepository(OneTimeToken);
    await tokens.insert([
      token('a', 'expired', week - 1),
      token('b', 'used', now + DAY_MS, week - 1),
      token('c', 'good', now + DAY_MS),
      token('d', 'lately', week, week),
    ]);
    const outbox = app.dataSource.getRepository(OutboxEntry);
    await outbox.clear();
    const entry = { sealed: null, createdAt: 0, dueAt: null };
    await outbox.insert([
      { ...entry, id: 'done', doneAt: now - DAY_MS - 1 },
      { ...entry, id: 'lately', doneAt: now - DAY_MS },
      { ...entry, id: 'waiting', dueAt: 1 },
    ]);

    expect(await app.get(Jobs).run('clean-up')).toBe(5);
    expect((await sessions.find()).map(({ id }) => id).sort()).toEqual([live!.id, idle!.id, fresh!.id].sort());
    expect((await tokens.find()).map(({ tokenId }) => tokenId).sort()).toEqual(['good', 'lately']);
    expect((await outbox.find()).map(({ id }) => id).sort()).toEqual(['lately', 'waiting']);
    expect(await app.get(Jobs).run('clean-up')).toBe(0);
  });

  it('events older than audit.retention go in one run, also when they are many, those just of their time stay', async () => {
    const clock = new TestClock();
    app = await startApp({ database, clock, auth: { jobs: 'manual', audit: { retention: '7d' } } });
    const trail = app.dataSource.getRepository(AuditRow);
    await trail.clear();
    const rows = Array.from({ length: 10_501 }, (_, index) => ({
      id: `row-${index}`,
      type: 'session.ended' as const,
      outcome: 'success' as const,
      details: {},
      at: clock.now() - 7 * DAY_MS - (index === 0 ? 0 : 1),
    }));
    while (rows.length > 0) await trail.insert(rows.splice(0, 500));
    expect(await app.get(Jobs).run('audit-retention')).toBe(10_500);
    expect(await app.get(Jobs).run('audit-retention')).toBe(0);
    expect((await trail.find()).map(({ id }) => id)).toEqual(['row-0']);
  });
});

it('a sweep ends with the batch at hand when the application stops', async () => {
  app = await startApp({ auth: { jobs: 'manual' } });
  const trail = app.dataSource.getRepository(AuditRow);
  const row = { type: 'session.ended' as const, outcome: 'success' as const, details: {}, at: 0 };
  await trail.insert(Array.from({ length: 600 }, (_, index) => ({ ...row, id: `row-${index}` })));
  const stopping = new AbortController();
  const swept = { entity: AuditRow, key: 'id', condition: 'r.at < :before', before: 1 };
  const sweep = app.get(RowSweeper).sweep([swept], stopping.signal);
  stopping.abort();
  expect(await sweep).toBe(500);
  expect(await app.get(RowSweeper).sweep([swept], stopping.signal)).toBe(0);
  expect(await trail.count()).toBe(100);
});
