import { scryptSync } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { MARIADB_STACK, PASSWORD, STACKS, startApp, type AppSetup, type Stack, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';

const EMAIL = 'ada@example.com';
const words = ['anvil', 'barrel', 'candle', 'dragon', 'engine', 'fiddle', 'garden'] as const;
const [A, B, C, D, E] = words.map((word) => `${word} under the seventh hinge`) as [
  string,
  string,
  string,
  string,
  string,
];

const running: TestApp[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
});

interface Setup extends AppSetup {
  readonly history: number;
}

async function start(
  stack: Stack,
  { history, ...setup }: Setup,
): Promise<{ app: TestApp; browser: Client; userId: string }> {
  const app = await startApp({
    ...stack,
    ...setup,
    auth: { passwords: { history, cost: 4 }, rateLimits: { multiplier: 100 } },
  });
  running.push(app);
  const browser = app.client();
  await browser.register(EMAIL);
  const { body } = await browser.signIn(EMAIL);
  return { app, browser, userId: body.user.id };
}

async function rules(changed: Promise<{ status: number; body: any }>): Promise<readonly string[]> {
  const { status, body } = await changed;
  if (status === 200) return [];
  expect([status, body.code]).toEqual([400, 'PASSWORD_REJECTED']);
  return body.details.map(({ rule }: { rule: string }) => rule);
}

const change = (browser: Client, currentPassword: string, password: string) =>
  rules(browser.post('/auth/password/change', { currentPassword, password }));

function rows(app: TestApp): Promise<Record<string, unknown>[]> {
  return app.dataSource.query('SELECT * FROM auth_password_history ORDER BY created_at, id');
}

describe.each([
  { ...STACKS[0]!, adapter: 'express' as const },
  { ...STACKS[1]!, adapter: 'fastify' as const },
  { ...MARIADB_STACK, adapter: 'express' as const },
])('password history on $database, $adapter', ({ adapter, ...stack }) => {
  it('refuses the current password and as many before it as the option says, and takes older ones', async () => {
    const { app, browser, userId } = await start(stack, { adapter, history: 2 });
    expect(await change(browser, PASSWORD, PASSWORD)).toEqual(['history']);
    expect(await change(browser, PASSWORD, A)).toEqual([]);
    expect(await change(browser, A, PASSWORD)).toEqual(['history']);
    expect(await change(browser, A, B)).toEqual([]);
    expect(await change(browser, B, C)).toEqual([]);
    for (const had of [A, B, C]) expect(await change(browser, C, had)).toEqual(['history']);
    // The administrator's way asks the same.
    const set = app.get(Accounts).setPassword(userId, B);
    await expect(set).rejects.toMatchObject({ code: 'PASSWORD_REJECTED' });
    expect(await change(browser, C, PASSWORD)).toEqual([]);
    const kept = await rows(app);
    expect(kept).toHaveLength(2);
    expect(kept.every((row) => row['user_id'] === userId)).toBe(true);
    expect((await app.client().signIn(EMAIL, PASSWORD)).status).toBe(200);
  });

  it('names every broken rule at once', async () => {
    const { app, userId } = await start(stack, { adapter, history: 1, hasher: 'real' });
    await app.dataSource.query(`UPDATE users SET password_hash = '${foreign('short')}'`);
    const set = app.get(Accounts).setPassword(userId, 'short');
    await expect(set).rejects.toSatisfy((error: { body: { details: { rule: string }[] } }) => {
      expect(error.body.details.map(({ rule }) => rule)).toEqual(['minLength', 'history']);
      return true;
    });
  });
});

describe('password history', () => {
  it('keeps and compares hashes of every scheme, and forgets what they were when it is off', async () => {
    const { app, userId } = await start(STACKS[0]!, { history: 3, hasher: 'real' });
    await app.dataSource.query(`UPDATE users SET password_hash = '${foreign(A)}'`);
    const accounts = app.get(Accounts);
    await accounts.setPassword(userId, B);
    await expect(accounts.setPassword(userId, A)).rejects.toMatchObject({ code: 'PASSWORD_REJECTED' });
    const [row] = await rows(app);
    expect(row?.['hash']).toMatch(/^\$scrypt\$/);
  });

  it('holds fewer as soon as it is told to, and none when it is turned off', async () => {
    const { app, browser, databaseUrl } = await startOnServer({ history: 24 });
    for (const [from, to] of [
      [PASSWORD, A],
      [A, B],
      [B, C],
      [C, D],
    ] as const) {
      expect(await change(browser, from, to)).toEqual([]);
    }
    expect(await rows(app)).toHaveLength(4);
    for (const [history, from, to, left] of [
      [2, D, E, 2],
      [0, E, PASSWORD, 0],
    ] as const) {
      const other = await startApp({ databaseUrl, auth: { passwords: { history } } });
      running.push(other);
      const again = other.client();
      await again.signIn(EMAIL, from);
      expect(await change(again, from, to)).toEqual([]);
      expect(await rows(other)).toHaveLength(left);
    }
  });

  it('is off by default: nothing is kept, and nothing refused for it', async () => {
    const { app, browser } = await start(STACKS[0]!, { history: 0 });
    expect(await change(browser, PASSWORD, A)).toEqual([]);
    expect(await change(browser, A, PASSWORD)).toEqual([]);
    expect(await rows(app)).toEqual([]);
  });

  it("goes with the account, and is nobody else's", async () => {
    const { app, browser, userId } = await start(STACKS[0]!, { history: 3 });
    const other = app.client();
    await other.register('eve@example.com');
    await other.signIn('eve@example.com');
    expect(await change(browser, PASSWORD, A)).toEqual([]);
    expect(await change(other, PASSWORD, A)).toEqual([]);
    expect(await rows(app)).toHaveLength(2);
    await app.get(Accounts).delete(userId);
    expect((await rows(app)).map((row) => row['user_id'])).not.toContain(userId);
    expect(await rows(app)).toHaveLength(1);
  });

  it('is written with the change or not at all, by thirty changes at once', async () => {
    const { app, browser } = await start(STACKS[1]!, { history: 24 });
    const asked = Array.from({ length: 30 }, (_, index) =>
      change(browser, PASSWORD, `${A} ${index}`).catch(() => ['lost']),
    );
    const won = (await Promise.all(asked)).filter((broken) => broken.length === 0);
    expect(won.length).toBe(1);
    expect(await rows(app)).toHaveLength(1);
  });
});

async function startOnServer({ history }: { history: number }) {
  const started = await start({ database: 'postgres', store: 'memory' }, { history });
  return { ...started, databaseUrl: started.app.databaseUrl! };
}

/** What another application may have stored. */
function foreign(password: string): string {
  const salt = Buffer.from('a salt of theirs');
  const key = scryptSync(password, salt, 32, { N: 2 ** 10, r: 8, p: 1 });
  return `$scrypt$ln=10,r=8,p=1$${bare(salt)}$${bare(key)}`;
}

function bare(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
