import bcrypt from 'bcrypt';
import { describe, expect, it } from 'vitest';
import { MARIADB_STACK, PASSWORD, STACKS, type DatabaseKind, type Stack } from '../support/app.js';
import { register, rowsOf, settled, startOver, storedHash } from './kit.js';
import { CONTACTS, MEMBERS, PEOPLE, type Legacy } from './tables.js';

const ALL = [...STACKS, MARIADB_STACK];
const CASELESS: Legacy = {
  ...MEMBERS,
  ddl: (kind) => `CREATE EXTENSION citext; ${MEMBERS.ddl(kind).replace('email varchar(254)', 'email citext')}`,
};
const ANEW = /^\$gatehouse\$v=1\$2b\$04\$/;
const CREATED = '2019-05-06 07:08:09';

/** A row as it came out of the application that was there before. */
async function person(database: DatabaseKind, revision: string, cost = 5): Promise<string> {
  const hash = (await bcrypt.hash(PASSWORD, cost)).replace('$2b$', revision);
  const verified = database === 'sqlite' ? 1 : true;
  return `INSERT INTO people (mail, pwd_hash, verified, created, full_name, phone)
    VALUES ('ada@example.com', '${hash}', ${verified}, '${CREATED}', 'Ada Lovelace', '+44 20 7946 0000')`;
}

describe.each(ALL)('users who were there before, on $database', (stack) => {
  const auth = { passwords: { cost: 4 } } as const;

  // Every revision where that costs least, and on the other databases the one that most tables have.
  it.each(stack.database === 'sqlite' ? ['$2a$', '$2b$', '$2y$'] : ['$2b$'])(
    'sign in with a plain %s hash, which is then made anew',
    async (revision) => {
      const app = await startOver(PEOPLE, stack, {
        rows: [await person(stack.database, revision)],
        hasher: 'real',
        auth,
      });
      expect((await app.client().signIn('ada@example.com', 'a wrong password altogether')).status).toBe(401);
      expect(await storedHash(app, PEOPLE)).toMatch(new RegExp(`^\\${revision.replaceAll('$', '\\$').slice(1)}`));
      const client = app.client();
      const { status, body } = await client.signIn(' ADA@example.com ');
      expect(status).toBe(200);
      expect(body.user).toMatchObject({ id: '1', emailVerified: true, fullName: 'Ada Lovelace' });
      expect(new Date(body.user.createdAt).getUTCFullYear()).toBe(2019);
      await settled(app);
      expect(await storedHash(app, PEOPLE)).toMatch(ANEW);
      expect((await app.client().signIn('ada@example.com')).status).toBe(200);
      expect((await app.client().signIn('ada@example.com', 'a wrong password altogether')).status).toBe(401);
      expect((await client.get('/whoami')).body).toMatchObject({ userId: '1', emailVerified: true });
    },
  );

  it('sign in by another unique column, and change what is opened to them and nothing else', async () => {
    const app = await startOver(PEOPLE, stack, { rows: [await person(stack.database, '$2b$')], hasher: 'real', auth });
    const client = app.client();
    expect((await client.signIn('+44 20 7946 0000')).status).toBe(200);
    const changed = await client.call('PATCH', '/auth/me', { body: { fullName: 'Ada King', phone: '1' } });
    expect(changed.body).toMatchObject({ id: '1', fullName: 'Ada King', phone: '1', email: 'ada@example.com' });
    await settled(app);
    const [before] = await rowsOf(app, 'people');
    expect(before!['pwd_hash']).toMatch(ANEW);
    for (const field of [
      'personId',
      'person_id',
      'mail',
      'email',
      'pwdHash',
      'passwordHash',
      'verified',
      'created',
      'id',
    ]) {
      const refused = await client.call('PATCH', '/auth/me', { body: { [field]: 'x' } });
      expect([field, refused.status]).toEqual([field, 400]);
      const address = { email: 'eve@example.com', password: PASSWORD, fullName: 'Eve' };
      const registered = await client.post('/auth/register', {
        ...address,
        ...(field === 'email' ? { mail: 'x' } : { [field]: 'x' }),
      });
      expect([field, registered.status]).toEqual([field, 400]);
    }
    const after = await rowsOf(app, 'people');
    expect(after).toEqual([before]);
  });

  it('have no moment of creation where no table knows it; those who register have', async () => {
    const hash = await bcrypt.hash(PASSWORD, 4);
    const rows = [`INSERT INTO members (no, email, password) VALUES (41, 'ada@example.com', '${hash}')`];
    const app = await startOver(MEMBERS, stack, { rows, hasher: 'real', auth });
    expect((await app.client().signIn('ada@example.com')).body.user).toEqual({
      id: '41',
      email: 'ada@example.com',
      emailVerified: false,
      roles: [],
      createdAt: null,
    });
  });

  it('have their hash made anew in auth_accounts where it is kept there', async () => {
    const app = await startOver(CONTACTS, stack, { hasher: 'real', auth });
    await register(app, CONTACTS, 'ada@example.com');
    await app.dataSource.query(`UPDATE auth_accounts SET password_hash = '${await bcrypt.hash(PASSWORD, 5)}'`);
    expect((await app.client().signIn('ada@example.com')).status).toBe(200);
    await settled(app);
    expect(await storedHash(app, CONTACTS)).toMatch(ANEW);
    expect((await app.client().signIn('ada@example.com')).status).toBe(200);
  });

  it('keep their address: nobody registers it again, whatever its case', async () => {
    const app = await startOver(PEOPLE, stack, { rows: [await person(stack.database, '$2b$')] });
    for (const email of ['ada@example.com', 'ADA@EXAMPLE.COM'])
      expect((await register(app, PEOPLE, email)).status).toBe(202);
    expect(await rowsOf(app, 'people')).toHaveLength(1);
  });

  it('are one account after a race of registrations', async () => {
    const app = await startOver(PEOPLE, stack);
    const answers = await Promise.all(Array.from({ length: 10 }, () => register(app, PEOPLE, 'ada@example.com')));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await rowsOf(app, 'people')).toHaveLength(1);
  });

  it('may have addresses as long as the column, and no longer', async () => {
    const app = await startOver(PEOPLE, stack);
    const address = (length: number) => `${'a'.repeat(60)}@${'b'.repeat(40)}.${'c'.repeat(length - 102)}`;
    expect((await register(app, PEOPLE, address(120))).status).toBe(202);
    const { status, body } = await register(app, PEOPLE, address(121));
    expect(status).toBe(400);
    expect(body.details).toEqual([{ field: 'email', rule: 'maxLength', message: 'Use at most 120 characters.' }]);
  });
});

describe.each<[string, Stack, Legacy]>([
  ['citext', { database: 'postgres', store: 'redis' }, CASELESS],
  ['a collation without case', MARIADB_STACK, MEMBERS],
])('addresses in %s', (_, stack, legacy) => {
  it('are found as they were written, and taken in any case', async () => {
    const hash = await bcrypt.hash(PASSWORD, 4);
    const rows = [`INSERT INTO members (no, email, password) VALUES (41, 'Ada@Example.com', '${hash}')`];
    const app = await startOver(legacy, stack, { rows, hasher: 'real', auth: { passwords: { cost: 4 } } });
    expect((await app.client().signIn('aDA@example.com')).body.user).toMatchObject({
      id: '41',
      email: 'Ada@Example.com',
    });
    expect((await register(app, legacy, 'ada@example.com')).status).toBe(202);
    expect(await rowsOf(app, 'members')).toHaveLength(1);
  });
});

it('an id that a sequence hands out twice is an error that can be seen, and no taken address', async () => {
  const rows = ["INSERT INTO members (no, email) VALUES (1, 'ada@example.com')"];
  const app = await startOver(MEMBERS, { database: 'postgres', store: 'redis' }, { rows });
  expect((await register(app, MEMBERS, 'eve@example.com')).status).toBe(500);
  expect((await register(app, MEMBERS, 'eve@example.com')).status).toBe(202);
  expect(await rowsOf(app, 'members')).toHaveLength(2);
});
