import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { Accounts, AuthModule, type AuthValues } from '../../lib/index.js';
import { ADAPTERS, PASSWORD, startApp, User, type AppSetup, type TestApp } from '../support/app.js';
import { refusal, sqlite, VALUES } from './kit.js';

type Where = Pick<AppSetup, 'adapter' | 'database'>;

const WHERE: readonly Where[] = [
  ...ADAPTERS.map((adapter) => ({ adapter, database: 'sqlite' }) as const),
  { adapter: 'express', database: 'mariadb' },
];

let app: TestApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function start(where: Where, auth: Partial<AuthValues>): Promise<TestApp> {
  app = await startApp({ ...where, auth });
  return app;
}

const displayName = v.pipe(v.string(), v.trim(), v.minLength(2), v.maxLength(20));
const ADA = { email: 'ada@example.com', password: PASSWORD };

async function stored(running: TestApp): Promise<Record<string, unknown>[]> {
  return running.dataSource.query('SELECT email, display_name, handle FROM users ORDER BY email');
}

describe.each(WHERE)('extra fields of a registration on $adapter and $database', (where) => {
  const fields = v.strictObject({ displayName: v.optional(displayName) });

  it('are checked, stored as the schema gives them back, and shown where declared', async () => {
    const running = await start(where, { registration: { fields }, publicUserFields: ['displayName', 'handle'] });
    const client = running.client();
    expect((await client.post('/auth/register', { ...ADA, displayName: '  Ada L. ' })).status).toBe(202);
    expect(await stored(running)).toEqual([{ email: 'ada@example.com', display_name: 'Ada L.', handle: null }]);
    const { user } = (await client.signIn('ada@example.com')).body;
    expect(Object.keys(user).sort()).toEqual(
      ['createdAt', 'displayName', 'email', 'emailVerified', 'handle', 'id', 'roles'].sort(),
    );
    expect(user).toMatchObject({ displayName: 'Ada L.', handle: null });
    expect((await client.get('/auth/me')).body).toEqual(user);
  });

  it('are refused with everything that is wrong at once, and nobody is made', async () => {
    const running = await start(where, { registration: { fields } });
    const answer = await running
      .client()
      .post('/auth/register', { email: 'ada', password: 'short', displayName: 'A', admin: true });
    expect(answer.body).toMatchObject({ statusCode: 400, code: 'VALIDATION_FAILED' });
    const named = answer.body.details.map(({ field }: { field: string }) => field);
    expect(new Set(named)).toEqual(new Set(['email', 'password', 'displayName', 'admin']));
    expect(await stored(running)).toEqual([]);
  });

  it('are refused altogether without a schema', async () => {
    const running = await start(where, {});
    const answer = await running.client().post('/auth/register', { ...ADA, displayName: 'Ada' });
    expect(answer.body.details).toEqual([{ field: 'displayName', rule: 'unknown', message: expect.any(String) }]);
  });

  it.each([
    ['a strict schema', v.strictObject({ displayName: v.optional(displayName) })],
    ['a schema that drops what it does not know', v.object({ displayName: v.optional(displayName) })],
    ['a schema that lets through what it does not know', v.looseObject({ displayName: v.optional(displayName) })],
  ])('never set a column of ours, with %s', async (_, schema) => {
    const running = await start(where, { registration: { fields: schema } });
    const owned = {
      id: '00000000-0000-7000-8000-000000000000',
      emailCanonical: 'eve@example.com',
      emailVerifiedAt: 1,
      passwordHash: 'x',
      createdAt: 1,
      roles: ['admin'],
    };
    for (const [name, value] of Object.entries(owned)) {
      const answer = await running.client().post('/auth/register', { ...ADA, [name]: value });
      expect([name, answer.status]).toEqual([name, 400]);
      expect(answer.body.details.map(({ field }: { field: string }) => field)).toEqual([name]);
    }
    const polluted = `{"email":"ada@example.com","password":"${PASSWORD}","__proto__":{"roles":["admin"]}}`;
    await running
      .client()
      .call('POST', '/auth/register', { raw: polluted, headers: { 'content-type': 'application/json' } });
    const client = running.client();
    await client.post('/auth/register', ADA);
    expect((await client.signIn(ADA.email)).body.user).toMatchObject({ roles: [], emailVerified: false });
  });

  it('never set a column that the schema does not declare, however loose it is', async () => {
    const schema = v.looseObject({ displayName: v.optional(displayName) });
    const running = await start(where, { registration: { fields: schema } });
    const answer = await running.client().post('/auth/register', { ...ADA, handle: 'ada' });
    expect(answer.body.details).toEqual([{ field: 'handle', rule: 'unknown', message: expect.any(String) }]);
    expect(await stored(running)).toEqual([]);
  });

  it('never set a column that the schema makes up', async () => {
    const schema = v.pipe(
      v.strictObject({ displayName: v.optional(v.string()) }),
      v.transform((given) => ({ ...given, roles: ['admin'], emailVerifiedAt: 1, passwordHash: null, handle: 'ada' })),
    );
    const running = await start(where, { registration: { fields: schema } });
    const client = running.client();
    expect((await client.post('/auth/register', { ...ADA, displayName: 'Ada' })).status).toBe(202);
    expect((await client.signIn(ADA.email)).body.user).toMatchObject({ roles: [], emailVerified: false });
    expect(await stored(running)).toEqual([{ email: 'ada@example.com', display_name: 'Ada', handle: null }]);
  });

  it('begin with newUserDefaults, which a request cannot reach', async () => {
    const running = await start(where, {
      registration: { newUserDefaults: { displayName: 'Newcomer', handle: null } },
      roles: { default: ['member'] },
    });
    await running.client().post('/auth/register', ADA);
    await running.get(Accounts).create({ email: 'eve@example.com', fields: { displayName: 'Eve' } });
    expect(await stored(running)).toEqual([
      { email: 'ada@example.com', display_name: 'Newcomer', handle: null },
      { email: 'eve@example.com', display_name: 'Eve', handle: null },
    ]);
    expect((await running.client().signIn(ADA.email)).body.user.roles).toEqual(['member']);
  });
});

describe.each(WHERE)('other ways to be known on $adapter and $database', (where) => {
  it('identifiers are tried in order, and mean the account that comes first', async () => {
    const running = await start(where, { identifiers: ['email', 'handle'], publicUserFields: ['handle'] });
    const accounts = running.get(Accounts);
    const ada = await accounts.create({ ...ADA, fields: { handle: 'ada' } });
    // A handle that is somebody's address does not stand before it.
    await accounts.create({
      email: 'eve@example.com',
      password: `${PASSWORD} of eve`,
      fields: { handle: 'ada@example.com' },
    });
    for (const name of ['ada', 'ada@example.com', 'ADA@example.com', ' ada ']) {
      expect((await running.client().signIn(name)).body.user).toMatchObject({ id: ada!.id, handle: 'ada' });
    }
    expect((await running.client().signIn('ada@example.com', `${PASSWORD} of eve`)).status).toBe(401);
    expect((await running.client().signIn('eve')).status).toBe(401);
  });

  it('a handle is none unless it is said', async () => {
    const running = await start(where, {});
    await running.get(Accounts).create({ ...ADA, fields: { handle: 'ada' } });
    expect((await running.client().signIn('ada')).status).toBe(401);
  });

  it('no registration is 404, whatever is sent, and accounts are made by the application alone', async () => {
    const running = await start(where, { registration: { enabled: false } });
    for (const body of [ADA, {}, { ...ADA, password: 'short' }]) {
      const answer = await running.client().post('/auth/register', body);
      expect(answer.body).toMatchObject({ statusCode: 404, code: 'NOT_FOUND' });
    }
    await running.get(Accounts).create(ADA);
    expect((await running.client().signIn(ADA.email)).status).toBe(200);
  });
});

describe('a start is refused', () => {
  const say = (values: Partial<AuthValues>): Promise<string> =>
    refusal({ imports: [AuthModule.forRoot<User>({ userEntity: User, ...VALUES, ...values })], database: [sqlite()] });

  it.each<[string, Partial<AuthValues>, RegExp]>([
    [
      'a declared field of ours',
      { registration: { fields: v.object({ roles: v.any() }) } },
      /registration\.fields: roles belongs/,
    ],
    [
      'a default that is unique',
      { registration: { newUserDefaults: { handle: 'x' } } },
      /newUserDefaults: handle is unique/,
    ],
    [
      'a default of ours',
      { registration: { newUserDefaults: { emailVerifiedAt: 1 } } },
      /newUserDefaults: emailVerifiedAt belongs/,
    ],
    [
      'a declared field that is unique',
      { registration: { fields: v.object({ handle: v.string() }) } },
      /registration\.fields: handle is unique/,
    ],
    [
      'a declared field without column',
      { registration: { fields: v.object({ shoeSize: v.number() }) } },
      /User has no column shoeSize/,
    ],
    ['a default without column', { registration: { newUserDefaults: { shoeSize: 1 } } }, /User has no column shoeSize/],
    [
      'a schema that names no fields',
      { registration: { fields: v.record(v.string(), v.unknown()) } },
      /registration\.fields: /,
    ],
    ['a shown hash', { publicUserFields: ['passwordHash'] }, /publicUserFields: passwordHash is never shown/],
    [
      'a shown column that is none',
      { publicUserFields: ['shoeSize'] },
      /publicUserFields: User has no column shoeSize/,
    ],
    ['an identifier that is not unique', { identifiers: ['email', 'displayName'] }, /identifiers: User\.displayName/],
    ['an identifier that is none', { identifiers: ['email', 'nickname'] }, /identifiers: User\.nickname/],
  ])('for %s', async (_, values, says) => {
    expect(await say(values)).toMatch(says);
  });

  it('with all of it at once', async () => {
    const said = await say({
      registration: {
        fields: v.object({ roles: v.any(), handle: v.string() }),
        newUserDefaults: { emailVerifiedAt: 1, shoeSize: 3 },
      },
      publicUserFields: ['passwordHash'],
      identifiers: ['displayName'],
    });
    for (const name of ['roles', 'handle', 'emailVerifiedAt', 'shoeSize', 'passwordHash', 'displayName']) {
      expect(said).toContain(name);
    }
  });
});
