import { Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { Accounts, Sessions } from '../../lib/index.js';
import { TestClock } from '../../lib/testing/index.js';
import { MARIADB_STACK, PASSWORD, startApp, User, type AppSetup, type TestApp } from '../support/app.js';
import { QueryLog } from '../support/query-log.js';

@Entity('letters')
class Letter {
  @PrimaryColumn('varchar', { length: 36 })
  id!: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'owner_id' })
  owner!: User;
}

const apps: TestApp[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

async function start(setup: AppSetup = {}): Promise<TestApp> {
  const app = await startApp({ ...MARIADB_STACK, ...setup });
  apps.push(app);
  return app;
}

async function newUser(app: TestApp, email: string): Promise<string> {
  return (await app.get(Accounts).create({ email, password: PASSWORD }))!.id;
}

describe('what MariaDB takes for the same', () => {
  it('is two roles', async () => {
    const app = await start();
    const accounts = app.get(Accounts);
    const id = await newUser(app, 'ada@example.com');
    for (const role of ['editor', 'Editor', 'EDITOR']) await accounts.assignRole(id, role);
    await accounts.removeRole(id, 'EDITOR');
    expect((await accounts.find(id))?.roles).toEqual(['Editor', 'editor']);
    await accounts.assignRole(id, 'Admin');
    const first = await accounts.createAdministrator({ email: 'root@example.com', password: PASSWORD });
    expect(first?.roles).toEqual(['admin']);
  });

  it('is no user, under another spelling of the id', async () => {
    const app = await start();
    const accounts = app.get(Accounts);
    const id = await newUser(app, 'ada@example.com');
    for (const other of [id.toUpperCase(), `${id} `, id.replace(/[a-f]/, (letter) => `${letter}\u0301`)]) {
      expect(await accounts.find(other)).toBeUndefined();
      const changes = [
        () => accounts.disable(other),
        () => accounts.setPassword(other, PASSWORD),
        () => accounts.delete(other),
      ];
      for (const change of changes) await expect(change()).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect((await app.get(Sessions).list(other)).items).toEqual([]);
    }
    expect((await app.client().signIn('ada@example.com')).status).toBe(200);
    expect(await app.dataSource.query('SELECT user_id FROM auth_accounts')).toEqual([{ user_id: id }]);
  });

  it('signs nobody in by a handle that is written otherwise', async () => {
    const app = await start({ auth: { identifiers: ['email', 'handle'] } });
    await app.get(Accounts).create({ email: 'ada@example.com', password: PASSWORD, fields: { handle: 'strasse' } });
    expect((await app.client().signIn('strasse')).status).toBe(200);
    for (const handle of ['Strasse', 'straße', 'strässe']) {
      expect((await app.client().signIn(handle)).status).toBe(401);
    }
  });

  it('is two sessions', async () => {
    const app = await start();
    const id = await newUser(app, 'ada@example.com');
    for (let times = 0; times < 2; times += 1) await app.client().signIn('ada@example.com');
    const rows: { id: string }[] = await app.dataSource.query('SELECT id FROM auth_sessions ORDER BY id');
    const sids = ['a', 'A'].map((letter) => letter.repeat(22));
    for (const [index, row] of rows.entries()) {
      await app.dataSource.query('UPDATE auth_sessions SET sid = ? WHERE id = ?', [sids[index], row.id]);
    }
    await app.get(Sessions).revokeBySid(id, sids[0]!, { type: 'session.ended' });
    expect((await app.get(Sessions).list(id)).items.map((item) => item.id)).toEqual([rows[1]!.id]);
  });
});

describe('on MariaDB', () => {
  it('a start after the first changes nothing, and foreign keys of the application may refer to its users', async () => {
    const app = await start({ entities: [Letter] });
    const id = await newUser(app, 'ada@example.com');
    await app.dataSource.manager.insert(Letter, { id: 'l1', owner: { id } as User });
    const logger = new QueryLog();
    const again = await start({
      databaseUrl: app.databaseUrl!,
      redisUrl: app.redisUrl!,
      entities: [Letter],
      typeorm: { logger, logging: ['query'] },
    });
    expect(logger.statements.filter((statement) => /^(?:ALTER|CREATE|DROP)/.test(statement))).toEqual([]);
    expect((await again.client().signIn('ada@example.com')).status).toBe(200);
    await again.get(Accounts).delete(id);
    expect(await app.dataSource.manager.count(Letter)).toBe(0);
  });

  it('a connection that counts changed rows alone makes no difference', async () => {
    const clock = new TestClock();
    const app = await start({ clock, typeorm: { extra: { flags: ['-FOUND_ROWS'] } } });
    const probe = await app.dataSource.query('UPDATE users SET email = email WHERE 1 = 1');
    const id = await newUser(app, 'ada@example.com');
    expect(probe.affectedRows).toBe(0);
    expect((await app.dataSource.query('UPDATE users SET email = email')).affectedRows).toBe(0);
    const [one, two] = [app.client(), app.client()];
    for (const browser of [one, two]) expect((await browser.signIn('ada@example.com')).status).toBe(200);
    clock.advance(120_000);
    expect((await one.get('/auth/me')).status).toBe(200);
    const { items } = await app.get(Sessions).list(id);
    expect(items.map(({ lastSeenAt }) => lastSeenAt.getTime()).sort()).toEqual([clock.now() - 120_000, clock.now()]);
    expect(await app.get(Sessions).revokeOthers(id, items[0]!.id)).toBe(1);
    await expect(app.get(Sessions).revoke(id, items[1]!.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const accounts = app.get(Accounts);
    for (let times = 0; times < 2; times += 1) {
      await accounts.markEmailVerified(id);
      await accounts.enable(id);
      await accounts.unlock(id);
      await accounts.setPassword(id, PASSWORD);
    }
    expect((await one.get('/auth/me')).status).toBe(401);
    const [{ epoch }] = await app.dataSource.query('SELECT epoch FROM auth_accounts');
    expect(epoch).toBe(2);
  });

  it('text that its smaller alphabets lack is kept', async () => {
    const app = await start({ auth: { publicUserFields: ['displayName'] } });
    const displayName = 'Ádá 🔑 𝒜';
    const user = await app
      .get(Accounts)
      .create({ email: 'ada@example.com', password: PASSWORD, fields: { displayName } });
    expect((await app.get(Accounts).find(user!.id))?.['displayName']).toBe(displayName);
  });
});
