import { describe, expect, it } from 'vitest';
import { Accounts, Argon2PasswordHasher, Checklist, PasswordHasher, type PasswordOptions } from '../../lib/index.js';
import { PASSWORD, STACKS, startApp } from '../support/app.js';
import { startOver } from '../users/kit.js';
import { CONTACTS, PEOPLE } from '../users/tables.js';
import { newPlace, PLACES, settled, start, storedHash, storeHash } from './kit.js';

const EMAIL = 'ada@example.com';
const OTHER = 'barrel under the seventh hinge';
const P1 = 'Jq7mW2xTnB5vKc9RzL4hYd8PfS1gAe6UoM3iQtZwCkE';
const P2 = 'Ht5bXz8nQw2eRv6yUk3pLs9dFg1jMa4cOi7TxYrEqWZ';

const pepper = (current: string, keys: Record<string, string | undefined>, more: PasswordOptions = {}) => ({
  auth: { passwords: { cost: 4, pepper: { current, keys }, ...more } },
});
const NONE = { auth: { passwords: { cost: 4 } } };

async function refusal(begun: Promise<unknown>): Promise<string> {
  return begun.then(
    () => 'it started',
    (error: Error) => error.message,
  );
}

describe.each(PLACES)('a pepper on $database', ({ database, ...stack }) => {
  it('is added and changed at good sign-ins, and nobody is locked out on the way', async () => {
    const place = { ...stack, ...(await newPlace(database)) };
    const before = await start({ ...place, ...NONE });
    await before.client().register(EMAIL);
    expect(await storedHash(before)).toMatch(/^\$gatehouse\$v=1\$2b\$/);

    const added = await start({ ...place, ...pepper('p1', { p1: P1 }) });
    expect((await added.client().signIn(EMAIL, 'a wrong password altogether')).status).toBe(401);
    expect((await added.client().signIn(EMAIL)).status).toBe(200);
    await settled(added);
    expect(await storedHash(added)).toMatch(/^\$gatehouse\$v=1,p=p1\$2b\$/);

    const changed = await start({ ...place, ...pepper('p2', { p1: P1, p2: P2 }) });
    expect((await changed.client().signIn(EMAIL)).status).toBe(200);
    await settled(changed);
    expect(await storedHash(changed)).toMatch(/^\$gatehouse\$v=1,p=p2\$2b\$/);

    // Nobody has the first any more, so it may go.
    const cleared = await start({ ...place, ...pepper('p2', { p2: P2 }) });
    expect((await cleared.client().signIn(EMAIL)).status).toBe(200);
    expect((await cleared.client().signIn(EMAIL, 'a wrong password altogether')).status).toBe(401);
  });

  it('that stored passwords need stops the start without it, by id and count', async () => {
    const place = { ...stack, ...(await newPlace(database)) };
    const first = await start({ ...place, ...pepper('a', { a: P1 }) });
    for (const email of [EMAIL, 'eve@example.com']) await first.client().register(email);
    const second = await start({ ...place, ...pepper('longest-id_16ch', { a: P1, 'longest-id_16ch': P2 }) });
    await second.client().register('grace@example.com');

    const said = await refusal(startApp({ ...place, hasher: 'real', ...NONE }));
    expect(said).toContain('2 stored passwords name the pepper a, which is not there');
    expect(said).toContain('1 stored passwords name the pepper longest-id_16ch, which is not there');
    const partly = await refusal(startApp({ ...place, hasher: 'real', ...pepper('b', { a: P1, b: P2 }) }));
    expect(partly).not.toContain('the pepper a,');
    expect(partly).toContain('longest-id_16ch');
    // An id of another case is another pepper.
    expect(await refusal(startApp({ ...place, hasher: 'real', ...pepper('A', { A: P1 }) }))).toContain('2 stored');
    for (const text of [said, partly]) for (const key of [P1, P2]) expect(text).not.toContain(key);
  });

  it('that only the history needs stops the start as well', async () => {
    const place = { ...stack, ...(await newPlace(database)) };
    const first = await start({ ...place, ...pepper('p1', { p1: P1 }, { history: 2 }) });
    await first.client().register(EMAIL);
    const second = await start({ ...place, ...pepper('p2', { p1: P1, p2: P2 }, { history: 2 }) });
    const { body } = await second.client().signIn(EMAIL);
    await settled(second);
    const accounts = second.get(Accounts);
    await storeHash(second, await peppered('p1'));
    await accounts.setPassword(body.user.id, OTHER);
    expect(await storedHash(second)).toContain('p=p2');
    expect(await refusal(startApp({ ...place, hasher: 'real', ...pepper('p2', { p2: P2 }) }))).toContain(
      '1 stored passwords name the pepper p1',
    );
    await expect(accounts.setPassword(body.user.id, PASSWORD)).rejects.toMatchObject({ code: 'PASSWORD_REJECTED' });

    async function peppered(id: string): Promise<string> {
      const other = await start({ ...STACKS[0]!, ...pepper(id, { p1: P1 }) });
      await other.client().register(EMAIL);
      return storedHash(other);
    }
  });
});

describe('a stored password whose pepper is missing while the application runs', () => {
  it('is 503 and counts for nothing, whatever the password is', async () => {
    const lines: string[] = [];
    const note = (...parts: unknown[]): void => void lines.push(parts.map(String).join(' '));
    const app = await start({ ...pepper('p1', { p1: P1 }), logger: { log: note, warn: note, error: note } });
    await app.client().register(EMAIL);
    const good = await storedHash(app);
    await storeHash(app, good.replace('p=p1', 'p=gone'));
    for (let tries = 0; tries < 25; tries += 1) {
      const { status, body, headers } = await app.client().signIn(EMAIL, tries % 2 === 0 ? PASSWORD : OTHER);
      expect([status, body.code]).toEqual([503, 'STORE_UNAVAILABLE']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(JSON.stringify(body)).not.toMatch(/gone|pepper/);
    }
    await settled(app);
    await storeHash(app, good);
    // Neither account nor address is locked, and nothing stands in the row of the account.
    expect((await app.client().signIn(EMAIL)).status).toBe(200);
    const [account] = await app.dataSource.query<Record<string, unknown>[]>('SELECT * FROM auth_accounts');
    expect([account?.['failed_in_row'], account?.['failed_in_row_known']]).toEqual([0, 0]);
    expect(lines.filter((line) => line.includes('the pepper gone'))).toHaveLength(1);
    expect(lines.join('\n')).not.toContain(P1);
  });
});

describe('a pepper and the user table', () => {
  it.each([
    ['of another application', PEOPLE],
    ['without a column for the hash', CONTACTS],
  ])('%s: the ids in use are found', async (_, table) => {
    const app = await startOver(table, STACKS[1]!, { hasher: 'real', ...pepper('p1', { p1: P1 }) });
    await app.client().post('/auth/register', { email: EMAIL, password: PASSWORD, ...table.body });
    expect((await app.client().signIn(EMAIL)).status).toBe(200);
    const [name, column] = table.hash;
    const [row] = await app.dataSource.query<Record<string, string>[]>(`SELECT ${column} FROM ${name}`);
    expect(row?.[column]).toMatch(/^\$gatehouse\$v=1,p=p1\$/);
    const again = startApp({
      databaseUrl: app.databaseUrl!,
      hasher: 'real',
      auth: { userEntity: table.entity as never, userColumns: table.userColumns, ...table.auth },
    });
    expect(await refusal(again)).toContain('1 stored passwords name the pepper p1');
  });

  it('whose column is too short for what the hasher makes refuses the start', async () => {
    const overrides = [{ provide: PasswordHasher, useClass: Argon2PasswordHasher }];
    const said = await refusal(startOver(PEOPLE, STACKS[1]!, { hasher: 'real', auth: { overrides } }));
    expect(said).toContain('people.pwd_hash holds 100 characters, what PasswordHasher makes has 111');
  });
});

it('a weak pepper, or one that is the secret, is found without being shown', async () => {
  const weak = 'marker-marker-marker-marker-marker-marker';
  const app = await start(pepper('markerId', { markerId: weak }));
  const entry = (await app.get(Checklist).report()).entries.find(({ id }) => id === 'passwords.pepper');
  expect(entry).toMatchObject({ outcome: 'finding', severity: 'refuse' });
  expect(JSON.stringify(entry)).not.toContain('marker');
});
