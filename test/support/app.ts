import 'reflect-metadata';
import { Module, type DynamicModule, type INestApplication, type Provider, type Type } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { getDataSourceToken, TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { Column, DataSource, Entity, type DataSourceOptions } from 'typeorm';
import { AuthModule, AuthUser, Clock, PasswordHasher, type AuthOptions } from '../../lib/index.js';
import { FastPasswordHasher } from '../../lib/testing/index.js';
import { Client } from './client.js';
import { mariadbUrl, postgresUrl, redisUrl } from './services.js';

export { PASSWORD } from './client.js';

export type Adapter = 'express' | 'fastify';
export type DatabaseKind = 'sqlite' | 'postgres' | 'mariadb';
export type StoreKind = 'memory' | 'redis';

export interface Stack {
  readonly database: DatabaseKind;
  readonly store: StoreKind;
}

/** A mutation run has hundreds of mutants to judge, and no servers. */
function isWanted(database: DatabaseKind): boolean {
  return process.env.MUTATION_FOLDER === undefined || database === 'sqlite';
}

export const ADAPTERS: readonly Adapter[] = ['express', 'fastify'];

/** The two ends of the matrix: nothing but Node, and what production runs on. */
export const STACKS: readonly Stack[] = [
  { database: 'sqlite', store: 'memory' },
  ...(isWanted('postgres') ? [{ database: 'postgres', store: 'redis' } as const] : []),
];

/** For suites in which the dialect of the database matters, beside `STACKS`. */
export const MARIADB_STACK = { database: 'mariadb', store: 'redis' } as const satisfies Stack;

/** Both adapters on both stacks, and one of them on MariaDB. */
export const MATRIX: readonly (Stack & { readonly adapter: Adapter })[] = [
  ...ADAPTERS.flatMap((adapter) => STACKS.map((stack) => ({ adapter, ...stack }))),
  ...(isWanted('mariadb') ? [{ adapter: 'express', ...MARIADB_STACK } as const] : []),
];

/** Each adapter, database and store at least once, for suites that go deep where `MATRIX` has gone wide. */
export const STANDS = [
  { adapter: 'express', database: 'sqlite', store: 'memory' },
  { adapter: 'fastify', database: 'postgres', store: 'redis' },
  { adapter: 'express', ...MARIADB_STACK },
] as const satisfies readonly (Stack & { readonly adapter: Adapter })[];

export const DATABASES: readonly DatabaseKind[] = (['sqlite', 'postgres', 'mariadb'] as const).filter(isWanted);

/** A host's own entity, with a column of its own and one that is unique. */
@Entity('users')
export class User extends AuthUser {
  @Column({ name: 'display_name', type: 'varchar', length: 80, nullable: true })
  displayName!: string | null;

  @Column({ name: 'handle', type: 'varchar', length: 40, nullable: true, unique: true })
  handle!: string | null;
}

export interface AppSetup {
  readonly adapter?: Adapter;
  /** What the constructor of the Fastify adapter is given. */
  readonly fastify?: ConstructorParameters<typeof FastifyAdapter>[0];
  readonly database?: DatabaseKind;
  /** An existing database, to start a second instance on it: `postgres://` or `mysql://`. */
  readonly databaseUrl?: string;
  readonly store?: StoreKind;
  /** An existing Redis, to start a second instance on it or to break it. */
  readonly redisUrl?: string;
  readonly auth?: Partial<AuthOptions<User>>;
  readonly typeorm?: Partial<TypeOrmModuleOptions>;
  readonly entities?: readonly Type[];
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  readonly imports?: readonly (Type | DynamicModule)[];
  readonly clock?: Clock;
  /** Default `fast`: a hash that costs nothing, where the hash is not the subject. */
  readonly hasher?: 'fast' | 'real';
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  /** Before `init`: global prefix, pipes, versioning, shutdown hooks. */
  readonly prepare?: (app: INestApplication) => void | Promise<void>;
  readonly logger?:
    false | { log(...parts: unknown[]): void; error(...parts: unknown[]): void; warn(...parts: unknown[]): void };
}

export interface TestApp {
  readonly app: INestApplication;
  readonly url: string;
  readonly dataSource: DataSource;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** A browser of its own: keeps cookies and the CSRF token. */
  client(): Client;
  get<T>(token: Type<T> | (abstract new (...args: never[]) => T)): T;
  close(): Promise<void>;
}

export const SECRET = 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC';

/** Starts a whole application on an ephemeral port of loopback. */
export async function startApp(setup: AppSetup = {}): Promise<TestApp> {
  const databaseUrl = setup.databaseUrl ?? (await newDatabase(setup.database));
  const redis = setup.redisUrl ?? (setup.store === 'redis' ? await redisUrl() : undefined);
  const app = await build(setup, databaseUrl, redis);
  await setup.prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  return {
    app,
    url,
    dataSource: app.get<DataSource>(getDataSourceToken()),
    databaseUrl,
    redisUrl: redis,
    client: () => new Client(url),
    get: (token) => app.get(token as Type, { strict: false }),
    close: () => app.close(),
  };
}

async function newDatabase(kind: DatabaseKind | undefined): Promise<string | undefined> {
  if (kind === 'postgres') return postgresUrl();
  return kind === 'mariadb' ? mariadbUrl() : undefined;
}

/** How TypeORM connects to a server, whose kind its URL says. */
export function serverOptions(url: string): { readonly type: 'postgres' | 'mariadb'; readonly url: string } {
  return { type: /^(?:mysql|mariadb):/.test(url) ? 'mariadb' : 'postgres', url };
}

/** A data source alone, on a new database. */
export async function newDataSource(kind: DatabaseKind, options: Partial<DataSourceOptions> = {}): Promise<DataSource> {
  const url = await newDatabase(kind);
  return new DataSource({ ...connectionTo(url), ...options } as DataSourceOptions).initialize();
}

function connectionTo(url: string | undefined): DataSourceOptions {
  return url === undefined ? { type: 'better-sqlite3', database: ':memory:' } : serverOptions(url);
}

async function build(
  setup: AppSetup,
  databaseUrl: string | undefined,
  redis: string | undefined,
): Promise<INestApplication> {
  let builder = Test.createTestingModule({ imports: [hostModule(setup, databaseUrl, redis)] });
  if (setup.clock !== undefined) builder.overrideProvider(Clock).useValue(setup.clock);
  if (setup.hasher !== 'real') builder.overrideProvider(PasswordHasher).useClass(FastPasswordHasher);
  builder = setup.override?.(builder) ?? builder;
  const adapter = setup.adapter === 'fastify' ? new FastifyAdapter(setup.fastify) : new ExpressAdapter();
  const moduleRef = await builder.setLogger(silent(setup)).compile();
  return moduleRef.createNestApplication(adapter as ExpressAdapter, { logger: setup.logger ?? false });
}

function silent({ logger }: AppSetup) {
  const nothing = (): void => undefined;
  return logger === undefined || logger === false ? { log: nothing, error: nothing, warn: nothing } : logger;
}

function hostModule(setup: AppSetup, databaseUrl: string | undefined, redis: string | undefined): Type {
  @Module({
    imports: [
      TypeOrmModule.forRoot({
        ...connectionTo(databaseUrl),
        autoLoadEntities: true,
        synchronize: true,
        retryAttempts: 0,
        ...setup.typeorm,
      } as TypeOrmModuleOptions),
      TypeOrmModule.forFeature([...(setup.entities ?? [])]),
      AuthModule.forRoot<User>({
        userEntity: User,
        secret: SECRET,
        baseUrl: 'http://127.0.0.1:3000',
        environment: 'test',
        // Most specs have nothing to do with mail: those that do say 'required'.
        emailVerification: 'off',
        // Nothing in the background where no mail is read: some specs count what is sent to the servers.
        jobs: setup.auth?.mail === undefined ? 'manual' : 'timers',
        ...(redis === undefined ? {} : { redis: { url: redis } }),
        ...setup.auth,
      }),
      ...(setup.imports ?? []),
    ],
    controllers: [...(setup.controllers ?? [])],
    providers: [...(setup.providers ?? [])],
  })
  class HostModule {}
  return HostModule;
}
