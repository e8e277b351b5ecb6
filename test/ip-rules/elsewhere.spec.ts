import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IpRules } from '../../lib/index.js';
import { AddressGate } from '../../lib/ip-rules/address-gate.js';
import { IpRule } from '../../lib/ip-rules/ip-rule.entity.js';
import { TestClock } from '../../lib/testing/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { eventsOf, from, OFFICE, Routes, rulesOf } from './kit.js';

const BY = { client: { address: OFFICE, userAgent: '' } };

describe('two instances on one PostgreSQL and one Redis', () => {
  const clock = new TestClock();
  let here: TestApp;
  let there: TestApp;

  beforeAll(async () => {
    const auth = { trustedProxyHops: 1 };
    here = await startApp({ clock, controllers: [Routes], auth, database: 'postgres', store: 'redis' });
    const { databaseUrl, redisUrl } = here;
    there = await startApp({
      clock,
      controllers: [Routes],
      auth: { ...auth, ipRules: { mode: 'allowlist' } },
      adapter: 'fastify',
      databaseUrl: databaseUrl!,
      redisUrl: redisUrl!,
      typeorm: { synchronize: false },
    });
  });

  afterAll(async () => {
    await there.close();
    await here.close();
  });

  it('is in force where it is made at once, and elsewhere 5 s later', async () => {
    await there.get(IpRules).add({ network: '0.0.0.0/0', action: 'allow' });
    const { id } = await here.get(IpRules).add({ network: '192.0.2.0/24', action: 'block' }, BY);
    expect([await from(here, '192.0.2.9'), await from(there, '192.0.2.9')]).toEqual([403, 200]);
    clock.advance(5_000);
    expect([await from(here, '192.0.2.9'), await from(there, '192.0.2.9')]).toEqual([403, 403]);
    await here.get(IpRules).remove(id, BY);
    clock.advance(5_000);
    expect([await from(here, '192.0.2.9'), await from(there, '192.0.2.9')]).toEqual([200, 200]);
  });

  it('is made once of thirty times at once', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) =>
        (index % 2 === 0 ? here : there).get(IpRules).add({ network: '198.51.100.0/24', action: 'block' }, BY),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    expect(new Set(codes)).toEqual(new Set(['ALREADY_EXISTS']));
    const rows = (await rulesOf(here)).filter(({ network }) => network === '198.51.100.0/24');
    expect(rows).toHaveLength(1);
    expect(
      (await eventsOf(here, 'ip_rule.added')).filter(({ details }) => details['network'] === '198.51.100.0/24'),
    ).toHaveLength(1);
  });

  it('keeps one of thirty rules that let an address in, whoever removes them at once', async () => {
    const rules = here.get(IpRules);
    await here.dataSource.getRepository(IpRule).clear();
    const ids = [];
    for (let prefix = 8; prefix < 38 && prefix <= 32; prefix += 1)
      ids.push((await rules.add({ network: `${OFFICE}/${prefix}`, action: 'allow' })).id);
    await there.get(AddressGate).renew();
    const outcomes = await Promise.allSettled(ids.map((id) => there.get(IpRules).remove(id, BY)));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(await from(there, OFFICE)).toBe(200);
  });

  it('keeps nobody waiting for rules that take long to read', async () => {
    const runner = here.dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      await runner.query('LOCK TABLE auth_ip_rules IN ACCESS EXCLUSIVE MODE');
      clock.advance(5_000);
      const begun = Date.now();
      expect([await from(there, OFFICE), await from(there, '192.0.2.9')]).toEqual([200, 403]);
      for (let again = 0; again < 10; again += 1) expect(await from(there, OFFICE)).toBe(200);
      expect(Date.now() - begun).toBeLessThan(2_000);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
    await expect.poll(async () => from(there, OFFICE)).toBe(200);
  });
});
