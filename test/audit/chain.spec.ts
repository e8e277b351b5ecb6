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
    expect(await app.dataSource.getRepository(AuditLink).count()).toBe(1);
  });
});
