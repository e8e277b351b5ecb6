import { Column, Entity, PrimaryColumn, type EntityManager } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { Accounts, type AuthOptions, type AuthUser } from '../../lib/index.js';
import { DATABASES, type DatabaseKind, type TestApp, type User } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { countIn, never, startTold, type ToldHooks } from './told-hooks.js';

@Entity('profiles')
class Profile {
  @PrimaryColumn({ name: 'user_id', type: 'varchar', length: 36 })
  userId!: string;

  @Column({ type: 'varchar', length: 40, unique: true })
  nickname!: string;
}

let app: TestApp;
let hooks: ToldHooks;

async function start(database: DatabaseKind, auth: Partial<AuthOptions<User>> = {}): Promise<void> {
  ({ app, hooks } = await startTold({ database, entities: [Profile] }, auth));
}

afterEach(() => app.close());

function register(email = 'ada@example.com'): Promise<Answer> {
  return app.client().register(email);
}

describe.each(DATABASES)('onRegister on %s', (database) => {
  const withProfile = async (user: AuthUser, manager: EntityManager): Promise<void> => {
    await manager.insert(Profile, { userId: user.id, nickname: user.email });
  };

  async function expectNobody(): Promise<void> {
    for (const table of ['users', 'auth_accounts', 'auth_user_roles', 'profiles'] as const) {
      expect(await countIn(app, table), table).toBe(0);
    }
  }

  it('writes what must exist with the user, in the same transaction', async () => {
    await start(database);
    hooks.tell('onRegister', withProfile);
    expect((await register()).status).toBe(202);
    const [row] = await app.dataSource.query('SELECT u.email FROM users u JOIN profiles p ON p.user_id = u.id');
    expect(row).toEqual({ email: 'ada@example.com' });
    // A taken address creates nothing, so there is nothing to hook.
    expect((await register()).status).toBe(202);
    expect(hooks.calls.filter(([name]) => name === 'onRegister')).toHaveLength(1);
    expect((await app.client().signIn('ada@example.com')).status).toBe(200);
  });

  it('leaves no user, no account, no role and nothing of its own when it throws', async () => {
    await start(database, { roles: { default: ['member'] } });
    hooks.tell('onRegister', async (user: AuthUser, manager: EntityManager) => {
      await withProfile(user, manager);
      throw new Error('no place left');
    });
    const answer = await register();
    expect(answer.status).toBe(500);
    await expectNobody();
    await expect(app.get(Accounts).create({ email: 'eve@example.com' })).rejects.toThrow('no place left');
    await expectNobody();
    hooks.tell('onRegister', withProfile);
    expect((await register()).status).toBe(202);
    expect([await countIn(app, 'users'), await countIn(app, 'profiles')]).toEqual([1, 1]);
  });

  it('leaves no user when its own unique index refuses, which is no taken address', async () => {
    await start(database);
    hooks.tell('onRegister', (user: AuthUser, manager: EntityManager) =>
      manager.insert(Profile, { userId: user.id, nickname: 'the same' }),
    );
    expect((await register()).status).toBe(202);
    expect((await register('eve@example.com')).status).toBe(500);
    expect([await countIn(app, 'users'), await countIn(app, 'auth_accounts'), await countIn(app, 'profiles')]).toEqual([
      1, 1, 1,
    ]);
  });

  it('that never answers is 503 within the deadline of the database, leaves no user, and stops nobody after it', async () => {
    await start(database, { database: { timeout: '400ms' } });
    hooks.tell('onRegister', async (user: AuthUser, manager: EntityManager) => {
      await withProfile(user, manager);
      await never();
    });
    const begun = performance.now();
    const answers = await Promise.all([register(), register('eve@example.com')]);
    expect(performance.now() - begun).toBeLessThan(3_000);
    for (const { body } of answers) expect(body).toMatchObject({ statusCode: 503, code: 'STORE_UNAVAILABLE' });
    hooks.tell('onRegister', withProfile);
    const next = performance.now();
    while ((await register('bob@example.com')).status !== 202) expect(performance.now() - next).toBeLessThan(3_000);
    expect([await countIn(app, 'users'), await countIn(app, 'profiles')]).toEqual([1, 1]);
    expect((await app.client().signIn('bob@example.com')).status).toBe(200);
  });
});
