import { Column, Entity, ManyToOne, PrimaryColumn, JoinColumn, type EntityManager } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { AuthError, Accounts, authEntities, type AuthUser } from '../../lib/index.js';
import { Keyring } from '../../lib/keys/keyring.js';
import { STANDS, PASSWORD, STACKS, startApp, User, type TestApp } from '../support/app.js';
import { countIn, never, startTold, ToldHooks } from '../module/told-hooks.js';
import { ADA, ANOTHER, EVE, idOf, startMailApp, trail, type MailApp } from '../email/kit.js';

@Entity('notes')
class Note {
  @PrimaryColumn({ type: 'varchar', length: 36 })
  id!: string;

  @ManyToOne(() => User, { nullable: false })
  @JoinColumn({ name: 'owner_id' })
  owner!: User;

  @Column({ name: 'text', type: 'varchar', length: 40 })
  text!: string;
}

let running: { close(): Promise<void> } | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** Everything that our tables hold, as text, and the application's own. */
async function dump({ dataSource }: TestApp): Promise<string> {
  const tables = authEntities({ userEntity: User }).map((entity) => dataSource.getMetadata(entity).tableName);
  expect(tables.filter((table) => table.startsWith('auth_')).length).toBeGreaterThanOrEqual(6);
  const rows = await Promise.all(tables.map((table) => dataSource.query(`SELECT * FROM ${table}`)));
  return JSON.stringify(rows.map((each, index) => [tables[index], each]));
}

describe.each(STANDS)('deleting an account on $adapter, $database and $store', (stack) => {
  it('leaves no trace of its owner but what happened, by id', async () => {
    const agent = 'Marker/1.0 (the browser of Ada)';
    const mailApp: MailApp = await startMailApp(stack, { passwords: { history: 3 }, roles: { default: ['member'] } });
    running = mailApp;
    const { app, mailbox, deliver } = mailApp;
    const headers = { 'user-agent': agent };
    const post = (path: string, body: object) => ada.post(path, body, { headers });
    const ada = app.client();
    await post('/auth/register', { email: ADA, password: PASSWORD });
    await deliver();
    await post('/auth/email/verify', { token: (await mailbox.next(ADA)).token });
    await post('/auth/login', { email: ADA, password: 'a wrong password altogether' });
    await post('/auth/login', { email: ADA, password: PASSWORD });
    await post('/auth/password/change', { currentPassword: PASSWORD, password: ANOTHER });
    await post('/auth/email/change/request', { email: EVE });
    for (const path of ['password/forgot', 'email/verify/request', 'magic-link/request', 'email-code/request']) {
      expect((await post(`/auth/${path}`, { email: ADA })).status).toBe(202);
    }
    await deliver();
    // These wait in the outbox.
    await post('/auth/password/forgot', { email: ADA });
    await post('/auth/register', { email: ADA, password: PASSWORD });
    const [{ id, password_hash: hash }] = await app.dataSource.query('SELECT id, password_hash FROM users');
    const before = await dump(app);
    expect(before).toContain(ADA);
    expect(before).toContain(agent);
    expect(before).toContain('127.0.0.1');

    expect((await ada.delete('/auth/me', { headers })).status).toBe(204);
    const [waiting] = await app.dataSource.query('SELECT count(*) AS n FROM auth_outbox WHERE sealed IS NOT NULL');
    expect(Number(waiting.n)).toBe(1);
    const mailed = mailbox.all().length;
    await deliver();
    expect(mailbox.all().slice(mailed)).toMatchObject([{ kind: 'account-deleted', to: ADA }]);
    const after = await dump(app);
    const digest = app.get(Keyring).identifierDigest(ADA);
    expect(before).toContain(digest);
    for (const marker of [ADA, agent, '127.0.0.1', hash, digest, EVE]) expect(after).not.toContain(marker);
    expect(await trail(app, id)).toEqual(
      expect.arrayContaining(['account.registered', 'email.verified', 'password.changed', 'account.deleted']),
    );
    for (const table of ['auth_sessions', 'auth_user_roles', 'auth_one_time_tokens', 'users'] as const) {
      expect(await countIn(app, table), table).toBe(0);
    }
    expect((await ada.get('/auth/me')).status).toBe(401);
    expect((await app.client().signIn(ADA, ANOTHER)).status).toBe(401);

    await app.client().register(ADA);
    expect(await idOf(app, ADA)).not.toBe(id);
    const [anew] = await app.dataSource.query(
      `SELECT epoch, disabled_at FROM auth_accounts WHERE user_id = '${await idOf(app, ADA)}'`,
    );
    expect(anew).toEqual({ epoch: 0, disabled_at: null });
  });

  it('is done once, of ten at the same time', async () => {
    const app = await startApp({ ...stack, auth: { jobs: 'manual' } });
    running = app;
    const accounts = app.get(Accounts);
    const { id } = (await accounts.create({ email: ADA, password: PASSWORD }))!;
    const ends = await Promise.allSettled(Array.from({ length: 10 }, () => accounts.delete(id)));
    const lost = ends.filter((end) => end.status === 'rejected').map(({ reason }) => (reason as AuthError).code);
    expect(lost).toEqual(new Array<string>(9).fill('NOT_FOUND'));
    expect((await trail(app)).filter((type) => type === 'account.deleted')).toHaveLength(1);
    expect(await countIn(app, 'auth_outbox')).toBe(1);
  });
});

describe.each(STACKS)('the rows of the application with $database', ({ database, store }) => {
  async function startWithNotes(): Promise<{ app: TestApp; hooks: ToldHooks; id: string }> {
    const auth = { jobs: 'manual', database: { timeout: '1s' } } as const;
    const { app, hooks } = await startTold({ database, store, entities: [Note] }, auth);
    running = app;
    const { id } = (await app.get(Accounts).create({ email: ADA, password: PASSWORD }))!;
    await app.dataSource.getRepository(Note).insert({ id: 'n1', owner: { id }, text: 'of Ada' });
    return { app, hooks, id };
  }

  it('go with the user through onDelete, before the row that they point to', async () => {
    const { app, hooks, id } = await startWithNotes();
    hooks.tell('onDelete', async (user: AuthUser, manager: EntityManager) => {
      expect(user).toBeInstanceOf(User);
      expect(user).not.toHaveProperty('passwordHash');
      await manager.delete(Note, { owner: { id: user.id } });
    });
    await app.get(Accounts).delete(id);
    expect([await countIn(app, 'users'), await countIn(app, 'notes')]).toEqual([0, 0]);
  });

  it.each<[string, () => unknown, number]>([
    [
      'throws',
      () => {
        throw new Error('not now');
      },
      500,
    ],
    ['rejects', () => Promise.reject(new Error('not now')), 500],
    ['leaves rows that point to the user', () => undefined, 500],
    ['never ends', never, 503],
  ])('keep the account when the hook %s', async (_, behaviour, status) => {
    const { app, hooks, id } = await startWithNotes();
    const ada = app.client();
    await ada.signIn(ADA);
    hooks.tell('onDelete', behaviour);
    const answer = await ada.delete('/auth/me');
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('not now');
    // On a busy machine what was given up is rolled back a moment later.
    await expect.poll(async () => (await ada.get('/auth/me')).body.id, { timeout: 5_000 }).toBe(id);
    expect([await countIn(app, 'users'), await countIn(app, 'notes')]).toEqual([1, 1]);
    expect(await trail(app)).not.toContain('account.deleted');
    hooks.tell('onDelete', (_user: AuthUser, manager: EntityManager) => manager.delete(Note, { id: 'n1' }));
    expect((await ada.delete('/auth/me')).status).toBe(204);
  });
});

describe('an administrator who deletes an account', () => {
  it('is named in the row that stays, with the address of the request', async () => {
    const app = await startApp({ auth: { jobs: 'manual' } });
    running = app;
    const accounts = app.get(Accounts);
    const root = await accounts.createAdministrator({ email: EVE, password: PASSWORD });
    const { id } = (await accounts.create({ email: ADA }))!;
    const client = { address: '192.0.2.7', userAgent: 'Console' };
    await accounts.delete(id, { actorId: root!.id, client });
    const rows = await app.dataSource.query("SELECT * FROM auth_audit WHERE type = 'account.deleted'");
    expect(rows).toMatchObject([{ actor_id: root!.id, subject_id: id, address: '192.0.2.7', user_agent: 'Console' }]);
  });
});
