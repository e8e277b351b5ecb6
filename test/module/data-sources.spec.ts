import { Column, Entity, PrimaryGeneratedColumn, type DataSource } from 'typeorm';
import { getDataSourceToken } from '@nestjs/typeorm';
import { describe, expect, it } from 'vitest';
import { Accounts, authEntities, AuthModule, AuthUser } from '../../lib/index.js';
import { ADAPTERS, PASSWORD, User } from '../support/app.js';
import { closeAfterEach, NotesController, refusal, sqlite, startHost, VALUES, type Host } from './kit.js';

closeAfterEach();

@Entity('notes')
class Note {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar' })
  text!: string;
}

const auth = (more: object = {}) => AuthModule.forRoot<User>({ userEntity: User, ...VALUES, ...more });

async function tables(host: Host, name?: string): Promise<string[]> {
  const source = host.app.get<DataSource>(getDataSourceToken(name), { strict: false });
  const rows: { name: string }[] = await source.query(
    "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
  );
  return rows.map((row) => row.name).filter((row) => !row.startsWith('sqlite_'));
}

const OURS = ['auth_accounts', 'auth_sessions', 'auth_user_roles', 'users'];

async function signIn(host: Host): Promise<void> {
  const client = host.client();
  expect((await client.register('ada@example.com')).status).toBe(202);
  expect((await client.signIn('ada@example.com')).status).toBe(200);
  expect((await client.get('/notes/marked')).status).toBe(200);
}

describe.each(ADAPTERS)('a named data source on %s', (adapter) => {
  it('holds everything of ours, and the unnamed one nothing', async () => {
    const host = await startHost({
      adapter,
      database: [sqlite(), sqlite({ name: 'people' })],
      imports: [auth({ dataSource: 'people' })],
      controllers: [NotesController],
    });
    await signIn(host);
    expect(await tables(host, 'people')).toEqual(expect.arrayContaining(OURS));
    expect(await tables(host)).toEqual([]);
    const source = host.app.get<DataSource>(getDataSourceToken('people'), { strict: false });
    expect(await source.query('SELECT email FROM users')).toEqual([{ email: 'ada@example.com' }]);
  });

  it('that nobody has made stops the start', async () => {
    expect(await refusal({ adapter, imports: [auth({ dataSource: 'people' })] })).toMatch(/people/i);
  });
});

describe('the entities', () => {
  it('come by authEntities() where autoLoadEntities is off, beside those of the host', async () => {
    const entities = [...authEntities({ userEntity: User }), Note];
    const database = [sqlite({ autoLoadEntities: false, entities })];
    const host = await startHost({ database, imports: [auth()], controllers: [NotesController] });
    await signIn(host);
    expect(await tables(host)).toEqual(expect.arrayContaining([...OURS, 'notes']));
  });

  it('are the same by both ways', async () => {
    const loaded = await startHost({ imports: [auth()] });
    const listed = await startHost({
      database: [sqlite({ autoLoadEntities: false, entities: authEntities({ userEntity: User }) })],
      imports: [auth()],
    });
    expect(await tables(loaded)).toEqual(await tables(listed));
    expect((await tables(loaded)).length).toBeGreaterThanOrEqual(OURS.length);
  });

  it.each([
    ['none', []],
    ['some', [User]],
  ])('that are missing stop the start with the line to add (%s are there)', async (_, entities) => {
    const database = [sqlite({ autoLoadEntities: false, entities })];
    const said = await refusal({ database, imports: [auth()] });
    expect(said).toMatch(/^Gatehouse: /);
    expect(said).toContain('autoLoadEntities: true');
    expect(said).toContain('entities: [...authEntities({ userEntity: User }), ...]');
    for (const name of ['Account', 'UserRole', 'LoginSession']) expect(said).toContain(name);
    expect(said.includes('know User,')).toBe(entities.length === 0);
  });

  it('include a user that extends AuthUser, or the start says so', async () => {
    @Entity('people')
    class Person {
      @PrimaryGeneratedColumn('uuid')
      id!: string;
      @Column({ type: 'varchar' })
      email!: string;
    }
    const said = await refusal({ imports: [AuthModule.forRoot({ userEntity: Person, ...VALUES })] });
    expect(said).toMatch(/userEntity: Person does not extend AuthUser/);
  });
});

describe.each(ADAPTERS)('several applications in one process on %s', (adapter) => {
  @Entity('members')
  class Member extends AuthUser {}

  it('share nothing: not accounts, sessions, locks, paths, rules or guards', async () => {
    const open = await startHost({
      adapter,
      imports: [auth({ path: '/account', protect: 'marked', appName: 'Open' })],
      controllers: [NotesController],
    });
    const shut = await startHost({
      adapter,
      // TypeORM keeps auto-loaded entities by the name of the data source, for the whole process.
      database: [sqlite({ name: 'members' })],
      imports: [
        AuthModule.forRootAsync<Member>({
          userEntity: Member,
          dataSource: 'members',
          useFactory: () => ({
            ...VALUES,
            secret: 'Zt7Qm2nK9xWc4VbR8sLp3HfJ6yDgA1eUoN5iXvTz0Ek',
            roles: { default: ['member'] },
          }),
        }),
      ],
      controllers: [NotesController],
    });

    const ada = shut.client();
    expect((await ada.register('ada@example.com')).status).toBe(202);
    expect((await ada.signIn('ada@example.com')).body.user.roles).toEqual(['member']);
    expect((await ada.get('/notes/plain')).status).toBe(200);

    // The very same controllers stand under the rules of their own application.
    expect((await shut.client().get('/notes/plain')).status).toBe(401);
    expect((await open.client().get('/notes/plain')).status).toBe(200);
    expect((await open.client().get('/notes/marked')).status).toBe(401);
    expect((await shut.client().get('/auth/session')).status).toBe(200);
    expect((await shut.client().get('/account/session')).status).toBe(404);
    expect((await open.client().get('/account/session')).status).toBe(200);
    expect((await open.client().get('/auth/session')).status).toBe(404);

    // Her cookie and her password are worth nothing elsewhere.
    const cookie = { headers: { cookie: ada.cookieHeader() } };
    expect((await open.client().get('/notes/marked', cookie)).status).toBe(401);
    const there = { email: 'ada@example.com', password: PASSWORD };
    expect((await open.client().post('/account/login', there)).status).toBe(401);

    // A lock there is none here.
    for (let count = 0; count < 5; count += 1)
      await open.client().post('/account/login', { ...there, password: 'wrong' });
    expect((await open.client().post('/account/login', there)).status).toBe(429);
    expect((await shut.client().signIn('ada@example.com')).status).toBe(200);

    await open.app.close();
    expect((await ada.get('/notes/marked')).status).toBe(200);
    expect(await shut.get(Accounts).create({ email: 'eve@example.com' })).toMatchObject({ roles: ['member'] });
  });

  it('and one with the same secret and other accounts takes no cookie of its neighbour', async () => {
    const [first, second] = [
      await startHost({ adapter, imports: [auth()] }),
      await startHost({ adapter, imports: [auth()] }),
    ];
    const client = first.client();
    await client.register('ada@example.com');
    await client.signIn('ada@example.com');
    const cookie = { headers: { cookie: client.cookieHeader() } };
    expect((await first.client().get('/auth/me', cookie)).status).toBe(200);
    expect((await second.client().get('/auth/me', cookie)).status).toBe(401);
  });

  it('beside one without AuthModule: what @Auth() marks is not open there', async () => {
    await startHost({ adapter, imports: [auth()], controllers: [NotesController] });
    const bare = await startHost({ adapter, imports: [], controllers: [NotesController], hasher: 'own' });
    expect((await bare.client().get('/notes/plain')).status).toBe(200);
    expect((await bare.client().get('/notes/marked')).status).toBe(500);
  });
});
