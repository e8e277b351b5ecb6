import { describe, expect, it } from 'vitest';
import type { EntityManager } from 'typeorm';
import { Accounts, AuthHooks, Sessions } from '../../lib/index.js';
import { actingAs } from '../../lib/testing/index.js';
import { MARIADB_STACK, PASSWORD, STACKS, type TestApp } from '../support/app.js';
import { QueryLog } from '../support/query-log.js';
import { register, rowsOf, settled, startOver, storedHash } from './kit.js';
import { LEGACY } from './tables.js';

const ADA = 'Ada@Example.com';
const CANONICAL = 'ada@example.com';
const OTHER = 'another battery staple horse';

async function idOf(app: TestApp, email = ADA): Promise<string> {
  const client = app.client();
  const { body } = await client.signIn(email);
  return body.user.id;
}

/** The first table on every stack, and every other on the one whose turn it is. */
const ALL_STACKS = [...STACKS, MARIADB_STACK];
const MATRIX = [
  ...ALL_STACKS.map((stack) => ({ ...stack, legacy: LEGACY[0]! })),
  ...LEGACY.slice(1).map((legacy, index) => ({ ...ALL_STACKS[index]!, legacy })),
];

describe.each(MATRIX)('a life over $legacy.table on $database and $store', ({ legacy, ...stack }) => {
  const start = (more = {}) => startOver(legacy, stack, more);

  it('begins with a registration and a sign-in; every id is text', async () => {
    const app = await start();
    expect((await register(app, legacy, ADA)).status).toBe(202);
    const [row, ...others] = await rowsOf(app, legacy.table);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ [legacy.mail]: CANONICAL });
    expect(await storedHash(app, legacy)).toMatch(/^\$test\$/);

    const client = app.client();
    const { status, body } = await client.signIn(' ADA@example.com');
    expect(status).toBe(200);
    const { user } = body;
    expect(user.id).toMatch(legacy.idForm);
    expect(user.id).toBe(String(row![legacy.id]));
    expect(user).toMatchObject({ emailVerified: false, roles: [] });
    expect(user.email.toLowerCase()).toBe(CANONICAL);
    expect(Math.abs(Date.parse(user.createdAt) - Date.now())).toBeLessThan(60_000);
    expect((await client.get('/auth/me')).body).toEqual(user);
    expect((await client.get('/whoami')).body).toEqual({ userId: user.id, roles: [], emailVerified: false });
    for (const table of ['auth_accounts', 'auth_sessions']) {
      expect((await rowsOf(app, table)).map((account) => account['user_id'])).toEqual([user.id]);
    }
    const text = JSON.stringify([body, (await client.get('/entity')).body]);
    expect(text).toContain(legacy.entity.name);
    expect(text).not.toContain('$test$');
  });

  it('lists and revokes sessions', async () => {
    const app = await start();
    await register(app, legacy, ADA);
    const [phone, laptop] = [app.client(), app.client()];
    await phone.signIn(ADA);
    await laptop.signIn(ADA);
    const { items } = (await laptop.get('/auth/sessions')).body;
    expect(items).toHaveLength(2);
    const { id } = items.find((session: { current: boolean }) => !session.current);
    expect((await laptop.delete(`/auth/sessions/${id}`)).status).toBe(204);
    expect((await phone.get('/whoami')).status).toBe(401);
    expect((await laptop.get('/whoami')).status).toBe(200);
    expect(await app.get(Sessions).revokeAll(await idOf(app))).toBe(2);
    expect((await laptop.get('/whoami')).status).toBe(401);
  });

  it('sees roles, a confirmed address, disabling and deleting on the next request', async () => {
    const app = await start();
    const accounts = app.get(Accounts);
    await register(app, legacy, ADA);
    const client = app.client();
    const { user } = (await client.signIn(ADA)).body;
    await accounts.assignRole(user.id, 'editor');
    expect((await client.get('/whoami')).body).toMatchObject({ roles: ['editor'] });
    await accounts.removeRole(user.id, 'editor');
    await accounts.markEmailVerified(user.id);
    expect((await client.get('/whoami')).body).toEqual({ userId: user.id, roles: [], emailVerified: true });
    expect(await accounts.find(user.id)).toMatchObject({ id: user.id, emailVerified: true });
    await accounts.disable(user.id);
    expect((await client.get('/whoami')).status).toBe(401);
    expect((await app.client().signIn(ADA)).status).toBe(401);
    await accounts.enable(user.id);
    expect((await client.signIn(ADA)).status).toBe(200);
    expect((await client.delete('/auth/me')).status).toBe(204);
    expect(await rowsOf(app, legacy.table)).toEqual([]);
    expect(await storedHash(app, legacy)).toBeOneOf([undefined, null]);
    expect((await client.get('/whoami')).status).toBe(401);
    expect((await app.client().signIn(ADA)).status).toBe(401);
    expect(await accounts.find(user.id)).toBeUndefined();
    await expect(accounts.disable(user.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('begins anew under the same address, without anything of the old account', async () => {
    const app = await start();
    const accounts = app.get(Accounts);
    await register(app, legacy, ADA);
    const old = app.client();
    const { user } = (await old.signIn(ADA)).body;
    await accounts.assignRole(user.id, 'admin');
    // A delete of the host's own leaves everything of ours behind, and some tables hand out a number twice.
    await accounts.changed(user.id, (manager) => manager.query(`DELETE FROM ${legacy.table}`));
    expect((await register(app, legacy, ADA)).status).toBe(202);
    const { body, status } = await app.client().signIn(ADA);
    expect(status).toBe(200);
    expect(body.user.roles).toEqual([]);
    expect((await old.get('/whoami')).status).toBe(401);
  });

  it('changes the password and ends every session with it', async () => {
    const app = await start();
    await register(app, legacy, ADA);
    const client = app.client();
    const { user } = (await client.signIn(ADA)).body;
    await app.get(Accounts).setPassword(user.id, OTHER);
    expect((await client.get('/whoami')).status).toBe(401);
    expect((await app.client().signIn(ADA, PASSWORD)).status).toBe(401);
    expect((await app.client().signIn(ADA, OTHER)).status).toBe(200);
  });

  it('takes accounts from code: without a password nobody signs in, with a proven address it is proven', async () => {
    const app = await start();
    const accounts = app.get(Accounts);
    const made = await accounts.create({
      email: ADA,
      emailVerified: true,
      roles: ['editor'],
      fields: legacy.body,
    });
    expect(made).toMatchObject({ emailVerified: true, roles: ['editor'] });
    expect((await app.client().signIn(ADA, '')).status).toBe(401);
    expect((await app.client().signIn(ADA)).status).toBe(401);
    expect(await accounts.create({ email: CANONICAL, fields: legacy.body })).toBeUndefined();
    const user = await app.dataSource.manager.findOneByOrFail<object>(legacy.entity, {});
    for (const who of [made!, made!.id, user]) {
      const answer = await app.client().get('/whoami', { headers: { ...(await actingAs(app.app, who)) } });
      expect(answer.body).toEqual({ userId: made!.id, roles: ['editor'], emailVerified: true });
    }
    await expect(actingAs(app.app, '0')).rejects.toThrow('there is no user 0');
  });

  it('answers a taken address like a free one, and with as many statements', async () => {
    const logger = new QueryLog();
    const auth = { roles: { default: ['member'] }, jobs: 'manual' } as const;
    const app = await start({ typeorm: { logger, logging: ['query'] }, auth });
    const cost = async (work: () => Promise<unknown>): Promise<string[]> => {
      logger.statements = [];
      await work();
      await settled(app);
      // Nor is there anything else after the answer.
      await new Promise((resolve) => setTimeout(resolve, 200));
      return logger.statements.map((statement) => statement.split(' ')[0]!);
    };
    const answers: string[] = [];
    const registering = (email: string) => async () => {
      const { status, text } = await register(app, legacy, email);
      answers.push(`${status} ${text}`);
    };
    const free = await cost(registering(ADA));
    const taken = await cost(registering(' ada@EXAMPLE.com'));
    expect(taken).toHaveLength(free.length);
    expect(answers[0]).toMatch(/^202 /);
    expect(answers[1]).toBe(answers[0]);
    expect(await rowsOf(app, legacy.table)).toHaveLength(1);
    const unknown = await cost(() => app.client().signIn('nobody@example.com'));
    const wrong = await cost(() => app.client().signIn(ADA, OTHER));
    expect(wrong).toEqual(unknown);
    // One look-up over all identifiers, and after the answer how many wrong passwords that makes.
    expect(unknown.filter((kind) => kind === 'SELECT')).toHaveLength(2);
  });

  it('gives onRegister the entity with its id, in the transaction', async () => {
    const seen: unknown[] = [];
    class Hooks extends AuthHooks {
      override async onRegister(user: object, manager: EntityManager): Promise<void> {
        seen.push(user, await manager.countBy(legacy.entity, {}));
      }
    }
    const app = await start({ auth: { overrides: [{ provide: AuthHooks, useClass: Hooks }] } });
    await register(app, legacy, ADA);
    const [user, count] = seen as [object, number];
    expect(user).toBeInstanceOf(legacy.entity);
    expect(count).toBe(1);
    const property = legacy.userColumns.id ?? 'id';
    const [loaded] = await app.dataSource.manager.find<Record<string, unknown>>(legacy.entity as never, {});
    expect((user as Record<string, unknown>)[property]).toStrictEqual(loaded![property]);
  });
});
