import { describe, expect, it } from 'vitest';
import { Accounts } from '../../lib/index.js';
import { SessionCookie } from '../../lib/sessions/session-cookie.js';
import { SessionOpener } from '../../lib/sessions/session-opener.js';
import { actingAs } from '../../lib/testing/index.js';
import { MARIADB_STACK, STACKS, type TestApp } from '../support/app.js';
import { register, rowsOf, startOver } from './kit.js';
import { CLIENTS, CONTACTS, MEMBERS, PEOPLE, type Legacy } from './tables.js';

const NUMBERS = (id: string): string[] => [
  `${id}abc`,
  `${id}e0`,
  `${id}.0`,
  ` ${id}`,
  `${id} `,
  `${id}\n`,
  `0${id}`,
  `+${id}`,
  `-${id}`,
  `0x${id}`,
  '١',
  '１',
  '0',
  '-1',
  'NaN',
  'true',
  'abc',
  "1' OR '1'='1",
  '2147483648',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551616',
  '9'.repeat(36),
];

const UUIDS = (id: string): string[] => [
  id.toUpperCase(),
  id.replaceAll('-', ''),
  `${id.slice(0, -1)}`,
  `${id.slice(1)} `,
  '00000000-0000-0000-0000-000000000000',
  '1',
  'abc',
];

const TEXTS = (id: string): string[] => [
  id.toUpperCase(),
  `${id.slice(0, -1)} `,
  id.replace('-', 'é'),
  id.slice(1),
  'abc',
  "' OR '1'='1",
];

/** Numbers and texts on every stack; UUIDs also where they are no type of their own. */
const MATRIX = [
  ...[...STACKS, MARIADB_STACK].flatMap((stack) => [
    { ...stack, legacy: PEOPLE, spellings: NUMBERS },
    { ...stack, legacy: CONTACTS, spellings: TEXTS },
  ]),
  { ...STACKS[0]!, legacy: MEMBERS, spellings: NUMBERS },
  ...STACKS.map((stack) => ({ ...stack, legacy: CLIENTS, spellings: UUIDS })),
];

/** A genuine cookie of a session whose row names this user, as nothing but a leaked key or a flaw of ours would make. */
async function cookieOf(app: TestApp, userId: string): Promise<string> {
  const epoch = (await rowsOf(app, 'auth_accounts')).find((row) => row['user_id'] === userId)?.['epoch'] ?? 0;
  const client = { address: '127.0.0.1', userAgent: 'test' };
  const session = await app
    .get(SessionOpener)
    .open({ userId, epoch: Number(epoch), methods: ['pwd'], rememberMe: false, client });
  return `auth_session=${app.get(SessionCookie).write(session!)}`;
}

async function statusOf(app: TestApp, userId: string): Promise<number> {
  const cookie = await cookieOf(app, userId);
  return (await app.client().get('/whoami', { headers: { cookie } })).status;
}

describe.each(MATRIX)('ids of $legacy.table on $database', ({ legacy, spellings, ...stack }) => {
  async function start(): Promise<{ app: TestApp; id: string; untouched: () => Promise<void> }> {
    const app = await startOver(legacy, stack);
    expect((await register(app, legacy, 'ada@example.com')).status).toBe(202);
    const before = await rowsOf(app, legacy.table);
    const untouched = async () => expect(await rowsOf(app, legacy.table)).toEqual(before);
    return { app, id: String(before[0]![legacy.id]), untouched };
  }

  it('have one text each: a session of any other is nobody', async () => {
    const { app, id } = await start();
    expect(await statusOf(app, id)).toBe(200);
    const answers: (string | number)[][] = [];
    for (const spelling of spellings(id)) answers.push([spelling, await statusOf(app, spelling)]);
    expect(answers.filter(([, status]) => status !== 401)).toEqual([]);
    expect(answers.length).toBeGreaterThan(5);
  });

  it('reach no row under another text through Accounts or the testing kit', async () => {
    const { app, id, untouched } = await start();
    const accounts = app.get(Accounts);
    const texts = [...spellings(id), '', '9'.repeat(40), 'a'.repeat(5_000), `${id}\0`, '\0'];
    for (const text of texts) {
      expect(await accounts.find(text), text).toBeUndefined();
      for (const work of [
        () => accounts.disable(text),
        () => accounts.markEmailVerified(text),
        () => accounts.setPassword(text, 'another battery staple horse'),
        () => accounts.assignRole(text, 'admin'),
        () => accounts.delete(text),
      ]) {
        await expect(work(), text).rejects.toMatchObject({ code: 'NOT_FOUND' });
      }
      await expect(actingAs(app.app, text)).rejects.toThrow('actingAs: there is no user');
    }
    await untouched();
    expect(await rowsOf(app, 'auth_user_roles')).toEqual([]);
    expect((await app.client().signIn('ada@example.com')).status).toBe(200);
  });
});

describe.each([...STACKS, MARIADB_STACK])('neighbours above 2^53 on $database', (stack) => {
  it('are never taken for one another', async () => {
    const neighbour = '9007199254740992';
    const id = '9007199254740993';
    const { app, hash } = await withRows(MEMBERS, stack, [neighbour, id]);
    const { status, body } = await app.client().signIn('user1@example.com');
    // The driver of SQLite reads both as the same number: refused rather than taken for either.
    expect(status).toBe(stack.database === 'sqlite' ? 401 : 200);
    if (status === 200) expect(body.user).toMatchObject({ id, email: 'user1@example.com' });
    const found = stack.database === 'sqlite' ? undefined : expect.objectContaining({ id: neighbour });
    expect(await app.get(Accounts).find(neighbour)).toEqual(found);
    expect(hash).toMatch(/^\$test\$/);
  });
});

async function withRows(legacy: Legacy, stack: (typeof STACKS)[number], ids: readonly string[]) {
  const first = await startOver(legacy, stack);
  await register(first, legacy, 'ada@example.com');
  const hash = String((await rowsOf(first, legacy.table))[0]!['password']);
  const rows = ids.map(
    (id, index) => `INSERT INTO members (no, email, password) VALUES (${id}, 'user${index}@example.com', '${hash}')`,
  );
  return { app: await startOver(legacy, stack, { rows }), hash };
}
