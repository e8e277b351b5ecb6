import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { UserRole } from '../../lib/roles/user-role.entity.js';
import { Account } from '../../lib/users/account.entity.js';
import { MARIADB_STACK, PASSWORD, STACKS, startApp, type TestApp } from '../support/app.js';
import { expectStatus, newPerson, signedIn, type Person } from './kit.js';

const MULTIPLIER = { rateLimits: { multiplier: 1_000 } };
const LAST = 'LAST_ADMINISTRATOR';

type Taking = (app: TestApp, id: string) => Promise<unknown>;

type Way = 'disable' | 'demote' | 'delete';

const WAYS: Readonly<Record<Way, Taking>> = {
  disable: (app, id) => app.get(Accounts).disable(id),
  demote: (app, id) => app.get(Accounts).removeRole(id, 'admin'),
  delete: (app, id) => app.get(Accounts).delete(id),
};

const ALIKE: readonly (readonly [Way, Way])[] = [
  ['disable', 'disable'],
  ['demote', 'demote'],
  ['delete', 'delete'],
];
const MIXED: readonly (readonly [Way, Way])[] = [
  ['disable', 'demote'],
  ['demote', 'delete'],
  ['delete', 'disable'],
];

async function administratorsOf({ dataSource }: TestApp): Promise<readonly string[]> {
  const roles = await dataSource.getRepository(UserRole).findBy({ role: 'admin' });
  const accounts = await dataSource.getRepository(Account).find();
  const good = ({ userId }: UserRole) => accounts.find((each) => each.userId === userId)?.disabledAt === null;
  return roles.filter(good).map(({ userId }) => userId);
}

describe.each([...STACKS, MARIADB_STACK])('the last administrator ($database, $store)', (stack) => {
  let app: TestApp;
  let other: TestApp;
  beforeAll(async () => {
    app = await startApp({ ...stack, auth: MULTIPLIER });
    const { databaseUrl, redisUrl } = app;
    other =
      databaseUrl === undefined
        ? app
        : await startApp({ databaseUrl, redisUrl: redisUrl!, typeorm: { synchronize: false }, auth: MULTIPLIER });
  });
  afterAll(async () => {
    if (other !== app) await other.close();
    await app.close();
  });

  /** Of those before there is none left: each case has its own. */
  async function only(count: number): Promise<readonly Person[]> {
    await app.dataSource.getRepository(UserRole).delete({ role: 'admin' });
    return Promise.all(Array.from({ length: count }, () => newPerson(app, ['admin'])));
  }

  it('is made once, by thirty at once on two instances', async () => {
    await only(0);
    const made = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) =>
        (index % 2 === 0 ? app : other)
          .get(Accounts)
          .createAdministrator({ email: `first-${index}@example.com`, password: PASSWORD }),
      ),
    );
    expect(made.filter((each) => each.status === 'fulfilled' && each.value !== undefined)).toHaveLength(1);
    expect(await administratorsOf(app)).toHaveLength(1);
  });

  it.each(Object.keys(WAYS) as Way[])('is refused: %s', async (name) => {
    const [last] = await only(1);
    await expect(WAYS[name](app, last!.id)).rejects.toMatchObject({ code: LAST, status: 409 });
    expect(await administratorsOf(app)).toEqual([last!.id]);
    const browser = await signedIn(app, last!);
    expectStatus(await browser.delete('/auth/me'), 409, LAST);
    expectStatus(await browser.get('/auth/me'), 200);
    const rows: { type: string }[] = await app.dataSource.query(
      `SELECT type FROM auth_audit WHERE subject_id = '${last!.id}' AND type <> 'sign_in.succeeded'`,
    );
    expect(rows.map(({ type }) => type)).toEqual(['account.created']);
  });

  it('is one who can sign in: neither a disabled one nor one whose row is gone counts', async () => {
    const [last, disabled, gone] = await only(3);
    await app.get(Accounts).disable(disabled!.id);
    await app.dataSource.query(`DELETE FROM users WHERE id = '${gone!.id}'`);
    for (const take of Object.values(WAYS)) await expect(take(app, last!.id)).rejects.toMatchObject({ code: LAST });
    await app.get(Accounts).enable(disabled!.id);
    await app.get(Accounts).removeRole(last!.id, 'admin');
    await expect(app.get(Accounts).removeRole(disabled!.id, 'admin')).rejects.toMatchObject({ code: LAST });
    // Who is none of them is nobody's last.
    await app.get(Accounts).removeRole(last!.id, 'admin');
    await app.get(Accounts).disable(last!.id);
    await app.get(Accounts).delete(last!.id);
  });

  it('is none of those who have nothing to sign in with', async () => {
    const [last] = await only(1);
    const email = `never-${last!.id}@example.com`;
    const never = await app.get(Accounts).create({ email, roles: ['admin'] });
    for (const take of Object.values(WAYS)) await expect(take(app, last!.id)).rejects.toMatchObject({ code: LAST });
    await app.get(Accounts).markEmailVerified(never!.id);
    await app.get(Accounts).removeRole(last!.id, 'admin');
    expect(await administratorsOf(app)).toEqual([never!.id]);
  });

  it('stays, when two demote, disable and delete each other in every way at once', async () => {
    // The rows that are locked do not depend on the dialect: one has every pair, the others have each way once.
    for (const [first, second] of stack.database === 'postgres' ? [...ALIKE, ...MIXED] : MIXED) {
      const [one, two] = await only(2);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 30 }, (_, index) => {
          const [way, whom] = index % 2 === 0 ? [first, one!] : [second, two!];
          return WAYS[way](index % 4 < 2 ? app : other, whom.id);
        }),
      );
      expect(await administratorsOf(app), `${first} and ${second}`).toHaveLength(1);
      const codes = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason.code ?? each.reason] : []));
      expect(codes.filter((code) => ![LAST, 'NOT_FOUND'].includes(code))).toEqual([]);
    }
  });

  it('stays, when somebody is made one while being disabled, and the other is demoted', async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      const [one] = await only(1);
      const two = await newPerson(app);
      await Promise.allSettled([
        app.get(Accounts).assignRole(two.id, 'admin'),
        other.get(Accounts).disable(two.id),
        app.get(Accounts).removeRole(one!.id, 'admin'),
        other.get(Accounts).removeRole(one!.id, 'admin'),
      ]);
      expect((await administratorsOf(app)).length).toBeGreaterThan(0);
    }
  });
});
