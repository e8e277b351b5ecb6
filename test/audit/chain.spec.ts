import { In } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, AuditTrail, Checklist, Jobs } from '../../lib/index.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { linkHash } from '../../lib/features/administration/audit/audit-chain.js';
import { AuditChainJob } from '../../lib/features/administration/audit/audit-chain.job.js';
import { AuditLink } from '../../lib/features/administration/audit/audit-link.entity.js';
import { TestClock } from '../../lib/testing/index.js';
import { MARIADB_STACK, STACKS, startApp, type TestApp } from '../support/app.js';

describe.each([...STACKS, MARIADB_STACK])('the chain on $database and $store', (stack) => {
  const clock = new TestClock();
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({ ...stack, clock, auth: { audit: { chain: true } } });
    for (let index = 0; index < 6; index += 1) {
      await app.get(Accounts).create({ email: `user-${index}@example.com` });
      clock.advance(60_000);
    }
    await run();
  });
  afterAll(() => app.close());

  function run(): Promise<number> {
    return app.get(Jobs).run('audit-chain');
  }

  async function problems(): Promise<unknown[]> {
    const { intact, problems: found } = await app.get(AuditTrail).verify();
    expect(intact).toBe(found.length === 0);
    return found.map(({ problem, seq }) => [problem, seq]);
  }

  async function audit(seq: number): Promise<AuditRow> {
    const { auditId } = await app.dataSource.getRepository(AuditLink).findOneByOrFail({ seq });
    return app.dataSource.getRepository(AuditRow).findOneByOrFail({ id: auditId });
  }

  /** Takes links away with their events. Answers how they come back. */
  async function cut(places: readonly number[]): Promise<() => Promise<void>> {
    const [links, rows] = [app.dataSource.getRepository(AuditLink), app.dataSource.getRepository(AuditRow)];
    const gone = await links.find({ where: { seq: In([...places]) } });
    const events = await rows.find({ where: { id: In(gone.map(({ auditId }) => auditId)) } });
    await links.delete({ seq: In([...places]) });
    await rows.delete({ id: In(events.map(({ id }) => id)) });
    return async () => {
      await rows.insert(events);
      await links.insert(gone);
    };
  }

  it('is laid by the job, once for each event, and fits together', async () => {
    expect(await app.dataSource.getRepository(AuditLink).count()).toBe(6);
    expect(await run()).toBe(0);
    expect(await problems()).toEqual([]);
    const { head, checked, next } = await app.get(AuditTrail).verify();
    expect([checked, next, head?.seq]).toEqual([6, null, 6]);
    expect(head?.hash).toMatch(/^[\w-]{43}$/);
  });

  it('is followed in stretches', async () => {
    const first = await app.get(AuditTrail).verify(1, 4);
    expect([first.checked, first.next, first.intact]).toEqual([4, 5, true]);
    const second = await app.get(AuditTrail).verify(first.next!, 4);
    expect([second.checked, second.next, second.intact]).toEqual([2, null, true]);
  });

  it('is not laid by two at once', async () => {
    await app.get(Accounts).create({ email: 'late@example.com' });
    clock.advance(60_000);
    // Past the claim of the job, so that the chain itself has to hold.
    const job = app.get(AuditChainJob);
    const { signal } = new AbortController();
    const linked = await Promise.all(Array.from({ length: 30 }, () => job.run({ signal })));
    expect(linked.reduce((sum, count) => sum + count)).toBe(1);
    expect(await app.dataSource.getRepository(AuditLink).count()).toBe(7);
    expect(await problems()).toEqual([]);
  });

  it('tells of an event that was changed', async () => {
    const row = await audit(3);
    const rows = app.dataSource.getRepository(AuditRow);
    await rows.update({ id: row.id }, { actorId: 'somebody-else' });
    expect(await problems()).toEqual([['altered', 3]]);
    const { entries } = await app.get(Checklist).report();
    expect(entries.find(({ id }) => id === 'audit.chain')).toMatchObject({ outcome: 'finding' });
    await rows.update({ id: row.id }, { actorId: row.actorId });
    expect(await problems()).toEqual([]);
  });

  it('tells of an event that was changed together with its own link', async () => {
    const row = await audit(3);
    const links = app.dataSource.getRepository(AuditLink);
    const [before, link] = [await links.findOneByOrFail({ seq: 2 }), await links.findOneByOrFail({ seq: 3 })];
    const forged = { ...row, actorId: 'somebody-else' };
    await app.dataSource.getRepository(AuditRow).save(forged);
    await links.update({ seq: 3 }, { hash: linkHash(before.hash, 3, forged) });
    expect(await problems()).toEqual([['altered', 4]]);
    await app.dataSource.getRepository(AuditRow).save(row);
    await links.save(link);
    expect(await problems()).toEqual([]);
  });

  it('tells of an event that was removed, and of one whose link went with it', async () => {
    const row = await audit(4);
    const links = app.dataSource.getRepository(AuditLink);
    const link = await links.findOneByOrFail({ seq: 4 });
    await app.dataSource.getRepository(AuditRow).delete({ id: row.id });
    expect(await problems()).toEqual([['removed', 4]]);
    await links.delete({ seq: 4 });
    expect(await problems()).toEqual([['removed', 4]]);
    await app.dataSource.getRepository(AuditRow).insert(row);
    await links.insert(link);
    expect(await problems()).toEqual([]);
  });

  it('tells of an event that came to be long after it says', async () => {
    const row = await audit(2);
    const rows = app.dataSource.getRepository(AuditRow);
    const id = '00000000-0000-7000-8000-000000000001';
    clock.advance(60 * 60_000);
    await rows.insert({ ...row, id });
    expect(await problems()).toEqual([['added', null]]);
    await rows.delete({ id });
  });

  it('tells of what was cut out between two stretches', async () => {
    const restore = await cut([4, 5]);
    expect((await app.get(AuditTrail).verify(1, 3)).intact).toBe(true);
    expect((await app.get(AuditTrail).verify(4, 4)).problems).toEqual([{ problem: 'removed', seq: 4, eventId: null }]);
    expect((await app.get(AuditTrail).verify(6, 4)).problems).toEqual([{ problem: 'removed', seq: 4, eventId: null }]);
    await restore();
    expect(await problems()).toEqual([]);
  });

  it('tells of a beginning that was cut off before its time was over', async () => {
    const restore = await cut([1, 2, 3]);
    expect(await problems()).toEqual([['removed', 3]]);
    expect((await app.get(AuditTrail).verify()).oldest).toBe(4);
    await restore();
    expect(await problems()).toEqual([]);
  });

  it('tells of a removed event whose link was made to say that its time is over', async () => {
    const row = await audit(4);
    const links = app.dataSource.getRepository(AuditLink);
    await app.dataSource.getRepository(AuditRow).delete({ id: row.id });
    await links.update({ seq: 4 }, { at: row.at - 100 * 86_400_000 });
    expect(await problems()).toEqual([['removed', 4]]);
    await app.dataSource.getRepository(AuditRow).insert(row);
    await links.update({ seq: 4 }, { at: row.at });
    expect(await problems()).toEqual([]);
  });

  it('tells of an event that was put in between two stretches, or before all of them', async () => {
    const rows = app.dataSource.getRepository(AuditRow);
    const id = '00000000-0000-7000-8000-000000000002';
    const row = await audit(3);
    await rows.insert({ ...row, id, at: row.at + 5 });
    const trail = app.get(AuditTrail);
    const found = [await trail.verify(1, 3), await trail.verify(4, 4)];
    expect(found.flatMap(({ problems: each }) => each)).toEqual([{ problem: 'added', seq: null, eventId: id }]);
    await rows.update({ id }, { at: row.at - 86_400_000 });
    expect(await problems()).toEqual([['added', null]]);
    await rows.delete({ id });
    expect(await problems()).toEqual([]);
  });

  it('stays whole when the account of an event is deleted', async () => {
    const { subjectId } = await audit(5);
    await app.get(Accounts).delete(subjectId!);
    expect(await problems()).toEqual([]);
  });

  it('goes with the events when their time is over', async () => {
    clock.advance(91 * 86_400_000);
    await app.get(Jobs).run('audit-retention');
    expect(await problems()).toEqual([]);
    await app.get(Accounts).create({ email: 'new@example.com' });
    clock.advance(60_000);
    await run();
    expect(await problems()).toEqual([]);
    // The newest one whose time is over stays, to show that nothing between it and the next is missing.
    const left = await app.dataSource.getRepository(AuditLink).find({ order: { seq: 'ASC' } });
    expect(left.map(({ seq }) => seq)).toEqual([7, 8]);
    expect((await app.get(AuditTrail).verify()).oldest).toBe(7);
  });
});
