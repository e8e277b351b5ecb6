import { afterEach, describe, expect, it } from 'vitest';
import { Accounts, Sessions } from '../../lib/index.js';
import { PASSWORD, startApp, type AppSetup, type TestApp } from '../support/app.js';

const AT_ONCE = 30;
const CAP = 4;

const apps: TestApp[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

function start(setup: AppSetup): Promise<TestApp> {
  const auth: AppSetup['auth'] = {
    sessions: { cap: CAP },
    rateLimits: { multiplier: 1_000_000 },
    attempts: { sharedAddresses: ['127.0.0.0/8'] },
  };
  return startApp({ store: 'redis', auth, ...setup }).then((app) => (apps.push(app), app));
}

async function count(app: TestApp, table: string): Promise<number> {
  const [row] = await app.dataSource.query(`SELECT count(*) AS n FROM ${table}`);
  return Number(row.n);
}

describe.each(['postgres', 'mariadb'] as const)('races on two instances over %s', (database) => {
  /** The instance of a caller: they take turns. */
  async function nodes(): Promise<(index: number) => TestApp> {
    const one = await start({ database });
    const two = await start({ databaseUrl: one.databaseUrl!, redisUrl: one.redisUrl! });
    return (index) => (index % 2 === 0 ? one : two);
  }

  const atOnce = <T>(work: (index: number) => Promise<T>, times = AT_ONCE): Promise<T[]> =>
    Promise.all(Array.from({ length: times }, (_, index) => work(index)));

  it('thirty registrations of one address make one account', async () => {
    const node = await nodes();
    for (const email of ['ada@example.com', 'eve@example.com']) {
      const answers = await atOnce((index) => node(index).client().register(email));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    }
    expect([await count(node(0), 'users'), await count(node(0), 'auth_accounts')]).toEqual([2, 2]);
  });

  it('thirty sign-ins leave as many sessions as the cap allows', async () => {
    const node = await nodes();
    const { id } = (await node(0).get(Accounts).create({ email: 'ada@example.com', password: PASSWORD }))!;
    // Of a user with and of one without the account's row.
    for (const prepare of ['SELECT 1', 'DELETE FROM auth_accounts', 'SELECT 1']) {
      await node(0).dataSource.query(prepare);
      const browsers = await atOnce(async (index) => {
        const browser = node(index).client();
        for (;;) {
          const { status } = await browser.signIn('ada@example.com');
          if (status === 200) return browser;
          // Five of one account are checked at a time, and whom the account keeps waiting for too long hears so.
          expect([429, 503]).toContain(status);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      });
      expect((await node(1).get(Sessions).list(id)).items).toHaveLength(CAP);
      const answers = await Promise.all(browsers.map((browser) => browser.get('/auth/me')));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(CAP);
    }
  });

  it('of thirty revocations of one session one finds it, and nobody gets in after any', async () => {
    const node = await nodes();
    await node(0).get(Accounts).create({ email: 'ada@example.com', password: PASSWORD });
    const [owner, thief] = [node(0).client(), node(1).client()];
    for (const browser of [owner, thief]) await browser.signIn('ada@example.com');
    const { body } = await thief.get('/auth/sessions');
    const { id } = body.items.find((item: { current: boolean }) => item.current);
    const answers = await atOnce(() => owner.delete(`/auth/sessions/${id}`));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...new Array<number>(AT_ONCE - 1).fill(404)]);
    expect((await thief.get('/auth/me')).status).toBe(401);
    expect((await owner.get('/auth/me')).status).toBe(200);
  });

  it('changes of one account that meet, with and without its row, all take effect', async () => {
    const node = await nodes();
    const users = await atOnce(async (index) => {
      const { id } = (await node(index)
        .get(Accounts)
        .create({ email: `u${index}@example.com`, password: PASSWORD }))!;
      return id;
    }, 10);
    await node(0).dataSource.query(`DELETE FROM auth_accounts WHERE user_id IN ('${users.slice(5).join("','")}')`);
    const changes = users.flatMap((id) => [0, 1, 2, 3].map((index) => ({ id, app: node(index) })));
    await Promise.all(
      changes.flatMap(({ id, app }) => [
        app.get(Accounts).assignRole(id, 'editor'),
        app.get(Sessions).revokeAll(id),
        app.get(Accounts).setPassword(id, `${PASSWORD} anew`),
      ]),
    );
    const accounts = await node(0).dataSource.query('SELECT epoch FROM auth_accounts');
    expect(accounts.map(({ epoch }: { epoch: number }) => Number(epoch))).toEqual(new Array<number>(10).fill(8));
    expect(await count(node(0), 'auth_user_roles')).toBe(10);
  });
});
