import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AuthMetrics, IpRules, type AuthCounter } from '../../lib/index.js';
import { AddressGate } from '../../lib/ip-rules/address-gate.js';
import { IpRule } from '../../lib/ip-rules/ip-rule.entity.js';
import { TestClock } from '../../lib/testing/index.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { eventsOf, from, OFFICE, office, PlacedClient, Routes, rulesOf, write } from './kit.js';

const SECOND = 1_000;
const BLOCKED = 403;

class Counters extends AuthMetrics {
  readonly counted: string[] = [];

  override count(name: AuthCounter, labels: object): void {
    this.counted.push(`${name} ${JSON.stringify(labels)}`);
  }
}

describe.each(ADAPTERS)('rules for addresses, on %s', (adapter) => {
  const clock = new TestClock();
  const metrics = new Counters();
  const lines: string[] = [];
  const logger = {
    log: () => undefined,
    error: () => undefined,
    warn: (line: unknown) => void lines.push(String(line)),
  };
  let app: TestApp;
  let admin: PlacedClient;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      clock,
      logger,
      controllers: [Routes],
      auth: {
        trustedProxyHops: 1,
        ipRules: { exempt: ['/health'] },
        overrides: [{ provide: AuthMetrics, useValue: metrics }],
      },
    });
    admin = await office(app);
  });

  afterAll(() => app.close());

  afterEach(async () => {
    await app.dataSource.getRepository(IpRule).clear();
    await app.get(AddressGate).renew();
  });

  const add = (network: string, action = 'block', more: object = {}) =>
    admin.post('/auth/admin/ip-rules', { network, action, ...more });

  it('refuses every route from a blocked network at once, ours and public ones too, without a reason', async () => {
    expect(await from(app, '192.0.2.9')).toBe(200);
    const added = await add('192.0.2.77/24', 'block', { note: ' scanners\n of today ' });
    expect([added.status, added.body]).toEqual([
      201,
      {
        id: expect.any(String),
        network: '192.0.2.0/24',
        action: 'block',
        note: 'scanners  of today',
        createdAt: new Date(clock.now()).toISOString(),
        expiresAt: null,
      },
    ]);
    const visitor = new PlacedClient(app.url, '192.0.2.9');
    for (const path of ['/public', '/private', '/auth/session', '/auth/me']) {
      const { status, body } = await visitor.get(path);
      expect([path, status, body.code, Object.keys(body).length]).toEqual([path, BLOCKED, 'ADDRESS_BLOCKED', 4]);
    }
    const login = await visitor.signIn('somebody@example.com');
    expect([login.body.code, login.headers.get('cache-control')]).toEqual(['ADDRESS_BLOCKED', 'no-store']);
    expect(await from(app, '192.0.3.9')).toBe(200);
    expect(metrics.counted).toContain('auth_address_refusals {"transport":"http"}');
    expect((await admin.delete(`/auth/admin/ip-rules/${added.body.id}`)).status).toBe(204);
    expect(await from(app, '192.0.2.9')).toBe(200);
  });

  it.each([
    ['198.51.100.7', ['198.51.100.7', '::ffff:198.51.100.7'], ['198.51.100.8']],
    ['198.51.100.7/0', ['1.2.3.4'], ['2001:db8::1']],
    ['2001:DB8:0:1::/64', ['2001:db8:0:1:ffff::9'], ['2001:db8:0:2::1']],
    ['::ffff:198.51.100.0/120', ['198.51.100.200'], ['198.51.101.1']],
    ['2001:db8::1', ['2001:db8::1', '2001:0db8:0:0::1'], ['2001:db8::2']],
  ])('blocks %s', async (network, inside, outside) => {
    await write(app, { network });
    await app.get(AddressGate).renew();
    for (const address of inside) expect([address, await from(app, address)]).toEqual([address, BLOCKED]);
    for (const address of outside) expect([address, await from(app, address)]).toEqual([address, 200]);
  });

  it('knows the address by the proxies alone that are trusted', async () => {
    await add('192.0.2.0/24');
    expect(await from(app, '203.0.113.50, 192.0.2.9')).toBe(BLOCKED);
    expect(await from(app, '192.0.2.9, 203.0.113.50')).toBe(200);
  });

  it('answers exempt paths to everybody, and no other spelling of them', async () => {
    await add('192.0.2.0/24');
    expect(await from(app, '192.0.2.9', '/health')).toBe(200);
    expect(await from(app, '192.0.2.9', '/health?deep=1')).toBe(200);
    const spellings = [
      '/health/',
      '//health',
      '/HEALTH',
      '/%68ealth',
      '/health;x',
      '/public?/health',
      '/public#/health',
    ];
    for (const path of [...spellings, `${app.url}/health`, `${app.url}/public`, '/health/../public', '/./health'])
      expect([path, await raw(app, path)]).not.toEqual([path, 200]);
  });

  it('lets a rule end by itself, and the same one be made again then', async () => {
    const expiresAt = new Date(clock.now() + 2 * SECOND).toISOString();
    expect((await add('192.0.2.0/24', 'block', { expiresAt })).body.expiresAt).toBe(expiresAt);
    expect((await add('192.0.2.0/24')).body.code).toBe('ALREADY_EXISTS');
    expect(await from(app, '192.0.2.9')).toBe(BLOCKED);
    clock.advance(2 * SECOND);
    expect(await from(app, '192.0.2.9')).toBe(200);
    expect((await add('192.0.2.0/24')).status).toBe(201);
    expect(await rulesOf(app)).toHaveLength(1);
  });

  it('sees what others have written after 5 s, and no sooner asks anybody', async () => {
    expect(await from(app, '192.0.2.9')).toBe(200);
    await write(app, { network: '192.0.2.0/24' });
    clock.advance(5 * SECOND - 1);
    expect(await from(app, '192.0.2.9')).toBe(200);
    clock.advance(1);
    expect(await from(app, '192.0.2.9')).toBe(BLOCKED);
  });

  it('ignores rows that say nothing it can obey, and tells of each once', async () => {
    await write(app, { network: 'everything' });
    await write(app, { network: '192.0.2.0/33' });
    await write(app, { network: '192.0.2.0/24', action: 'deny' as 'block' });
    await write(app, { network: '198.51.100.0/24' });
    const before = lines.length;
    await app.get(AddressGate).renew();
    await app.get(AddressGate).renew();
    expect(lines.slice(before).filter((line) => line.includes('ignored'))).toHaveLength(3);
    expect([await from(app, '192.0.2.9'), await from(app, '198.51.100.1')]).toEqual([200, BLOCKED]);
  });

  it('goes on by the last known rules while they cannot be read', async () => {
    await add('192.0.2.0/24');
    await app.dataSource.query('ALTER TABLE auth_ip_rules RENAME TO away');
    try {
      clock.advance(5 * SECOND);
      expect([await from(app, '192.0.2.9'), await from(app, OFFICE)]).toEqual([BLOCKED, 200]);
    } finally {
      await app.dataSource.query('ALTER TABLE away RENAME TO auth_ip_rules');
    }
    await app.dataSource.getRepository(IpRule).clear();
    clock.advance(SECOND);
    expect(await from(app, '192.0.2.9')).toBe(200);
  });

  it('does not let an administrator out by a mistake', async () => {
    for (const network of ['203.0.113.0/24', OFFICE, '0.0.0.0/0', `::ffff:${OFFICE}`]) {
      const { status, body } = await add(network);
      expect([network, status, body.details?.[0]]).toEqual([
        network,
        400,
        { field: 'network', rule: 'ownAddress', message: expect.any(String) },
      ]);
    }
    expect(await rulesOf(app)).toEqual([]);
    expect(await from(app, OFFICE)).toBe(200);
    // The application itself comes from nowhere, and may.
    await app.get(IpRules).add({ network: OFFICE, action: 'block' });
    expect((await admin.get('/auth/session')).body.code).toBe('ADDRESS_BLOCKED');
  });

  it.each([
    ['no network', { network: 'nonsense', action: 'block' }, 'network'],
    ['a network with a zone', { network: 'fe80::1%eth0', action: 'block' }, 'network'],
    ['a prefix that is too long', { network: '192.0.2.0/33', action: 'block' }, 'network'],
    ['an action that is not known', { network: '192.0.2.0/24', action: 'deny' }, 'action'],
    [
      'an end that is past',
      { network: '192.0.2.0/24', action: 'block', expiresAt: '2001-01-01T00:00:00Z' },
      'expiresAt',
    ],
    ['an end that is none', { network: '192.0.2.0/24', action: 'block', expiresAt: 'tomorrow' }, 'expiresAt'],
    ['a field that is not known', { network: '192.0.2.0/24', action: 'block', mode: 'allow' }, 'mode'],
  ])('refuses %s', async (_what, body, field) => {
    const answer = await admin.post('/auth/admin/ip-rules', body);
    expect([answer.status, answer.body.details?.[0]?.field]).toEqual([400, field]);
  });

  it('lists them by pages, removes each once, and writes who did it', async () => {
    for (const [index, action] of ['block', 'allow', 'block'].entries()) {
      clock.advance(1);
      await add(`192.0.2.${index}`, action);
    }
    const first = (await admin.get('/auth/admin/ip-rules?limit=2')).body;
    expect(first.items.map(({ network }: any) => network)).toEqual(['192.0.2.2', '192.0.2.1']);
    const second = (await admin.get(`/auth/admin/ip-rules?limit=2&cursor=${first.nextCursor}`)).body;
    expect([second.items.length, second.nextCursor]).toEqual([1, null]);
    const [{ id }] = second.items;
    const statuses = [];
    for (const name of [id, id, 'nonsense']) statuses.push((await admin.delete(`/auth/admin/ip-rules/${name}`)).status);
    expect(statuses).toEqual([204, 404, 404]);
    const removed = await eventsOf(app, 'ip_rule.removed');
    expect(removed.at(-1)).toMatchObject({ address: OFFICE, details: { network: '192.0.2.0', action: 'block' } });
    expect(removed.at(-1)!.actorId).not.toBeNull();
    expect((await eventsOf(app, 'ip_rule.added')).length).toBeGreaterThan(2);
  });

  it('keeps at most a thousand', async () => {
    const rules = Array.from({ length: 999 }, (_, index) => ({
      id: `11111111-0000-7000-8000-${String(index).padStart(12, '0')}`,
      network: `198.51.${Math.floor(index / 250)}.${index % 250}`,
      action: 'block' as const,
      note: null,
      createdAt: 0,
      expiresAt: null,
    }));
    await app.dataSource.getRepository(IpRule).insert(rules);
    expect((await add('192.0.2.1')).status).toBe(201);
    expect((await add('192.0.2.2')).body.code).toBe('LIMIT_REACHED');
    expect(await from(app, '198.51.3.200')).toBe(BLOCKED);
  });

  it('is for administrators with a fresh session', async () => {
    const rule = { network: '192.0.2.0/24', action: 'block' };
    const user = app.client();
    await user.register('user@example.com');
    await user.signIn('user@example.com');
    expect((await app.client().get('/auth/admin/ip-rules')).status).toBe(401);
    for (const answer of [await user.get('/auth/admin/ip-rules'), await user.post('/auth/admin/ip-rules', rule)])
      expect(answer.body.code).toBe('FORBIDDEN');
    clock.advance(301 * SECOND);
    expect((await admin.get('/auth/admin/ip-rules')).status).toBe(200);
    for (const answer of [await add('192.0.2.0/24'), await admin.delete('/auth/admin/ip-rules/x')])
      expect(answer.body.code).toBe('REAUTHENTICATION_REQUIRED');
    admin = await office(app);
  });
});

describe('a list of allowed addresses', () => {
  let app: TestApp;
  let admin: PlacedClient;
  const clock = new TestClock();

  beforeAll(async () => {
    app = await startApp({
      clock,
      controllers: [Routes],
      auth: { trustedProxyHops: 1, ipRules: { mode: 'allowlist', exempt: ['/health'] } },
    });
  });
  afterAll(() => app.close());

  it('answers nobody but those on it, and a block beats it', async () => {
    expect([await from(app, OFFICE), await from(app, OFFICE, '/health')]).toEqual([BLOCKED, 200]);
    const rules = app.get(IpRules);
    const outside = { client: { address: '198.51.100.1', userAgent: '' } };
    await expect(rules.add({ network: '203.0.113.0/24', action: 'allow' }, outside)).rejects.toThrow(/not valid/);
    await rules.add({ network: '203.0.113.0/24', action: 'allow' });
    await rules.add({ network: '127.0.0.1', action: 'allow' });
    expect([await from(app, OFFICE), await from(app, '198.51.100.1')]).toEqual([200, BLOCKED]);
    admin = await office(app);
    expect((await admin.post('/auth/admin/ip-rules', { network: '203.0.113.9', action: 'block' })).status).toBe(201);
    expect([await from(app, OFFICE), await from(app, '203.0.113.9')]).toEqual([200, BLOCKED]);
    expect(await from(app, 'nonsense')).toBe(200);
  });

  it('keeps the rule that lets its administrator in', async () => {
    const { items } = (await admin.get('/auth/admin/ip-rules')).body;
    const { id } = items.find(({ network }: any) => network === '203.0.113.0/24');
    const refused = await admin.delete(`/auth/admin/ip-rules/${id}`);
    expect([refused.status, refused.body.details[0].rule]).toEqual([400, 'ownAddress']);
    expect((await admin.post('/auth/admin/ip-rules', { network: OFFICE, action: 'allow' })).status).toBe(201);
    expect((await admin.delete(`/auth/admin/ip-rules/${id}`)).status).toBe(204);
    expect([await from(app, OFFICE), await from(app, '203.0.113.8')]).toEqual([200, BLOCKED]);
  });
});

/** One that starts while the database is away. */
class LateGate extends AddressGate {
  override async onApplicationBootstrap(): Promise<void> {}
}

it('answers 503 until rules have been read, and the health check all the same', async () => {
  const clock = new TestClock();
  const app = await startApp({
    clock,
    controllers: [Routes],
    auth: { ipRules: { exempt: ['/health'] } },
    override: (builder) => builder.overrideProvider(AddressGate).useClass(LateGate),
  });
  try {
    await app.dataSource.query('ALTER TABLE auth_ip_rules RENAME TO away');
    const answer = await app.client().get('/public');
    expect([answer.status, answer.body.code, answer.headers.get('retry-after')]).toEqual([
      503,
      'STORE_UNAVAILABLE',
      '1',
    ]);
    expect((await app.client().get('/health')).status).toBe(200);
    await app.dataSource.query('ALTER TABLE away RENAME TO auth_ip_rules');
    clock.advance(SECOND);
    expect((await app.client().get('/public')).status).toBe(200);
  } finally {
    await app.close();
  }
});

/** A request whose target is sent as it stands. */
function raw(app: TestApp, path: string): Promise<number> {
  const { hostname, port } = new URL(app.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers: { 'x-forwarded-for': '192.0.2.9' } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}
