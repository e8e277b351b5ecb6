import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import { Accounts, authEntities, Sessions } from '../../lib/index.js';
import { startApp, User, type TestApp } from '../support/app.js';
import { postgresUrl } from '../support/services.js';
import { WhoController } from './kit.js';

const EMAIL = 'ada@example.com';
const ENTITIES = authEntities({ userEntity: User });

/** The application's data source reads from a replica that has the schema and never a row. */
describe('beside a replica that never catches up', () => {
  let app: TestApp;
  let replica: DataSource;

  beforeAll(async () => {
    const [primaryUrl, replicaUrl] = await Promise.all([postgresUrl(), postgresUrl()]);
    replica = await new DataSource({
      type: 'postgres',
      url: replicaUrl,
      entities: [...ENTITIES],
      synchronize: true,
    }).initialize();
    app = await startApp({
      databaseUrl: primaryUrl,
      store: 'redis',
      controllers: [WhoController],
      typeorm: {
        url: undefined,
        replication: { master: { url: primaryUrl }, slaves: [{ url: replicaUrl }], defaultMode: 'slave' },
      } as never,
    });
  });

  afterAll(async () => {
    await app.close();
    await replica.destroy();
  });

  it('everything is read from the primary', async () => {
    const [ada, phone] = [app.client(), app.client()] as const;
    const [accounts, sessions] = [app.get(Accounts), app.get(Sessions)];
    expect((await ada.register(EMAIL)).status).toBe(202);
    expect((await ada.register('bob@example.com')).status).toBe(202);
    expect((await ada.register('bob@example.com')).status).toBe(202);
    expect((await ada.signIn(EMAIL)).status).toBe(200);
    expect((await phone.signIn(EMAIL)).status).toBe(200);
    // An application's own read does go to the replica: this is what ours must not do.
    expect(await app.dataSource.getRepository(User).count()).toBe(0);

    const { body } = await ada.get('/auth/me');
    expect(body.email).toBe(EMAIL);
    expect((await ada.get('/auth/session')).body.user).toEqual(body);
    expect((await ada.get('/auth/sessions')).body.items).toHaveLength(2);
    expect((await ada.get('/whoami')).body).toEqual({ userId: body.id, roles: [], emailVerified: false });

    // So that the role can be taken away again.
    await accounts.create({ email: 'root@example.com', roles: ['admin'] });
    await accounts.assignRole(body.id, 'admin');
    await accounts.assignRole(body.id, 'admin');
    expect((await ada.get('/whoami')).body.roles).toEqual(['admin']);
    expect((await accounts.find(body.id))?.roles).toEqual(['admin']);
    expect(
      await accounts.createAdministrator({ email: 'eve@example.com', password: 'never looked at' }),
    ).toBeUndefined();
    await accounts.markEmailVerified(body.id);
    expect((await ada.get('/whoami')).body.emailVerified).toBe(true);

    expect((await ada.delete('/auth/sessions')).body).toEqual({ revoked: 1 });
    expect((await phone.get('/whoami')).status).toBe(401);
    expect(await sessions.revokeAll(body.id)).toBe(1);
    expect((await ada.get('/whoami')).status).toBe(401);

    await accounts.setPassword(body.id, 'quite another password');
    expect((await ada.signIn(EMAIL)).status).toBe(401);
    expect((await ada.signIn(EMAIL, 'quite another password')).status).toBe(200);
    expect((await ada.post('/auth/logout')).status).toBe(204);
    // The last administrator could not be disabled.
    const other = await accounts.create({
      email: 'other@example.com',
      password: 'quite another password',
      emailVerified: true,
    });
    await accounts.assignRole(other!.id, 'admin');
    await accounts.disable(body.id);
    expect((await ada.signIn(EMAIL, 'quite another password')).status).toBe(401);
    await accounts.delete(body.id);
    expect(await accounts.find(body.id)).toBeUndefined();
  });

  it('holds eleven sign-ins to the cap', async () => {
    const accounts = app.get(Accounts);
    const user = await accounts.create({ email: 'cap@example.com', password: 'correct horse battery staple' });
    const browsers = Array.from({ length: 11 }, () => app.client());
    for (const browser of browsers) expect((await browser.signIn('cap@example.com')).status).toBe(200);
    const answers = await Promise.all(browsers.map(async (browser) => (await browser.get('/whoami')).status));
    expect(answers).toEqual([401, ...new Array<number>(10).fill(200)]);
    expect((await app.get(Sessions).list(user!.id)).items).toHaveLength(10);
  });

  it('nothing was ever written to the replica', async () => {
    for (const entity of ENTITIES) expect(await replica.getRepository(entity).count()).toBe(0);
  });
});
