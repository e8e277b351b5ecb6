import { Injectable, Module } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { RouteRules } from '../../lib/access/route-rules.js';
import {
  AuthModule,
  type AuthAsyncOptions,
  type AuthOptions,
  type AuthValues,
  type AuthValuesFactory,
} from '../../lib/index.js';
import { AuthSettings } from '../../lib/options/auth-settings.js';
import { ADAPTERS, PASSWORD, User, type Adapter } from '../support/app.js';
import type { Answer } from '../support/client.js';
import { closeAfterEach, NotesController, refusal, startHost, VALUES, type Host, type Importable } from './kit.js';

closeAfterEach();

const GIVEN = {
  ...VALUES,
  appName: 'Notes',
  origins: ['https://app.example.com'],
  publicUserFields: ['displayName'],
  sessions: { idle: '10m', cap: 3 },
  passwords: { minLength: 16 },
} as const satisfies AuthValues;

const STRUCTURE = { userEntity: User, path: '/account', publicControllers: ['NotesController'] } as const;

@Injectable()
class Config {
  read(): AuthValues {
    return GIVEN;
  }
}

@Injectable()
class ConfigFactory implements AuthValuesFactory {
  constructor(private readonly config: Config) {}

  async createAuthOptions(): Promise<AuthValues> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return this.config.read();
  }
}

@Module({ providers: [Config, ConfigFactory], exports: [Config, ConfigFactory] })
class ConfigModule {}

const WAYS: Readonly<Record<string, () => Importable>> = {
  forRoot: () => AuthModule.forRoot<User>({ ...STRUCTURE, ...GIVEN }),
  useFactory: () => AuthModule.forRootAsync<User>({ ...STRUCTURE, useFactory: () => GIVEN }),
  'useFactory with inject': () =>
    AuthModule.forRootAsync<User>({
      ...STRUCTURE,
      imports: [ConfigModule],
      useFactory: (config: Config) => config.read(),
      inject: [Config],
    }),
  'an async useFactory': () =>
    AuthModule.forRootAsync<User>({
      ...STRUCTURE,
      useFactory: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return GIVEN;
      },
    }),
  useExisting: () =>
    AuthModule.forRootAsync<User>({ ...STRUCTURE, imports: [ConfigModule], useExisting: ConfigFactory }),
};

function plain({ status, headers, text }: Answer): object {
  const changing = /"(id|userId|createdAt|csrfToken|expiresAt|freshUntil)":"[^"]*"/g;
  const names = [...headers.keys()].filter((name) => !['date', 'keep-alive'].includes(name)).sort();
  return { status, names, text: text.replace(changing, '"$1":"…"') };
}

/** What an application is, seen from inside and from outside. */
async function portrait(host: Host): Promise<object> {
  const client = host.client();
  const sign = { email: 'ada@example.com', password: PASSWORD };
  const answers = [
    await client.post('/account/register', { ...sign, password: 'fifteen letters' }),
    await client.post('/account/register', sign),
    await client.post('/account/login', { ...sign, password: 'wrong' }),
    await client.post('/account/login', sign),
    await client.get('/account/me'),
    await client.get('/account/session'),
    await client.get('/notes/marked'),
    await client.get('/notes/plain'),
    await client.post('/account/logout'),
    await client.get('/account/me'),
    await client.get('/auth/session'),
  ].map(plain);
  const { baseUrl, ...settings } = host.get(AuthSettings);
  const routes = host
    .get(RouteRules)
    .entries()
    .map(({ controller, handler, route, rule }) => [controller.name, handler, route, rule.mode]);
  return { answers, settings: { ...settings, baseUrl: baseUrl.href }, routes };
}

describe.each(ADAPTERS)('forRoot and forRootAsync on %s', (adapter) => {
  it('give the same application, wherever the values come from', async () => {
    const portraits: object[] = [];
    for (const way of Object.values(WAYS)) {
      portraits.push(await portrait(await start(adapter, way())));
    }
    const [first] = portraits as { answers: { status: number }[] }[];
    expect(first!.answers.map(({ status }) => status)).toEqual([400, 202, 401, 200, 200, 200, 200, 200, 204, 401, 404]);
    for (const other of portraits) expect(other).toEqual(first);
  });
});

function start(adapter: Adapter, module: Importable): Promise<Host> {
  return startHost({ adapter, imports: [module], controllers: [NotesController] });
}

describe('the structure', () => {
  it('is static: a factory that answers with parts of it is refused, naming each', async () => {
    const values = { ...VALUES, path: '/elsewhere', protect: 'marked', overrides: [] };
    const said = await refusal({
      imports: [AuthModule.forRootAsync<User>({ userEntity: User, useFactory: () => values })],
    });
    for (const key of ['path', 'protect', 'overrides']) expect(said).toContain(`${key}: shapes the module`);
  });

  it('takes no values: one given beside the factory is refused, not ignored', async () => {
    const options = { userEntity: User, useFactory: () => VALUES, emailVerification: 'required' };
    expect(await refusal({ imports: [AuthModule.forRootAsync(options as AuthAsyncOptions<User>)] })).toContain(
      'emailVerification: ',
    );
  });

  it('needs a source of values', () => {
    expect(() => AuthModule.forRootAsync({ userEntity: User })).toThrow(/useFactory or useExisting/);
    const both = { userEntity: User, useFactory: () => GIVEN, useExisting: ConfigFactory };
    expect(() => AuthModule.forRootAsync(both)).toThrow(/not both/);
  });
});

describe('values that do not come', () => {
  it.each([
    ['throws', () => Promise.reject(new Error('the vault is sealed')), 'the vault is sealed'],
    ['answers nothing', () => undefined as unknown as AuthValues, 'secret: is missing'],
  ])('stop the start: a factory that %s', async (_, useFactory, says) => {
    expect(await refusal({ imports: [AuthModule.forRootAsync({ userEntity: User, useFactory })] })).toContain(says);
  });
});

describe('options that are not valid', () => {
  const WRONG = {
    userEntity: User,
    path: 'auth/',
    protect: 'some',
    overrides: [{ provide: 'x' }],
    pubicControllers: [],
    secret: undefined,
    baseUrl: 'ftp://example.com',
    environment: 'test',
    sessions: { idle: '10min', cap: 0 },
    passwords: { minLength: 4 },
    identifiers: [],
    registration: { enable: false },
    attempts: { sharedAddresses: ['the office'] },
    trustedProxyHops: -1,
  };
  const NAMED = [
    'path',
    'protect',
    'overrides',
    'pubicControllers',
    'secret',
    'baseUrl',
    'sessions.idle',
    'sessions.cap',
    'passwords.minLength',
    'identifiers',
    'registration.enable',
    'attempts.sharedAddresses[0]',
    'trustedProxyHops',
  ];

  it('stop the start with one error that names every key', async () => {
    const said = await refusal({ imports: [AuthModule.forRoot(WRONG as unknown as AuthOptions<User>)] });
    const lines = said.split('\n').slice(1);
    expect(lines.map((line) => /^ {2}- ([^:]+?):? (?:is|must|takes|needs)\b/.exec(line)?.[1]).sort()).toEqual(
      [...NAMED].sort(),
    );
  });

  it('name a missing user entity like any other, as a circle of imports makes one', async () => {
    const wrong = { ...WRONG, userEntity: undefined };
    const said = await refusal({ imports: [Promise.resolve().then(() => AuthModule.forRoot(wrong as never))] });
    expect(said).toContain('userEntity: ');
    expect(said).toContain('secret: ');
  });
});

describe('AuthModule in one application', () => {
  const first = (): Importable => AuthModule.forRoot<User>({ userEntity: User, path: '/first', ...VALUES });
  const second = (): Importable =>
    AuthModule.forRootAsync<User>({ userEntity: User, path: '/second', useFactory: () => VALUES });

  it('refuses a second forRoot and names both paths', async () => {
    const said = await refusal({ imports: [first(), second()] });
    expect(said).toMatch(/more than once/);
    expect(said).toContain('/first');
    expect(said).toContain('/second');
  });

  it('refuses it also below other modules, and with the very same options', async () => {
    @Module({ imports: [first() as never] })
    class Below {}
    const said = await refusal({ imports: [Below, first()] });
    expect(said).toMatch(/\/first and \/first/);
  });

  it('is one when the same dynamic module is imported twice', async () => {
    const module = first();
    @Module({ imports: [module as never] })
    class Below {}
    const host = await startHost({ imports: [Below, module], controllers: [NotesController] });
    expect((await host.client().get('/first/session')).body).toEqual({ user: null });
    expect((await host.client().get('/notes/plain')).status).toBe(401);
  });
});
