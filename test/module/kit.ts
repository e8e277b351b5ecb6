import {
  Controller,
  Get,
  Module,
  type DynamicModule,
  type INestApplication,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { TypeOrmModule, type TypeOrmModuleOptions } from '@nestjs/typeorm';
import { afterEach } from 'vitest';
import { Auth, CurrentPrincipal, PasswordHasher, Public, type AuthValues, type Principal } from '../../lib/index.js';
import { FastPasswordHasher } from '../../lib/testing/index.js';
import { SECRET, type Adapter } from '../support/app.js';
import { Client } from '../support/client.js';

export type Importable = Type | DynamicModule | Promise<DynamicModule>;

/** The least that every application has to say, and that its users prove no address first: nothing here reads mail. */
export const VALUES = {
  secret: SECRET,
  baseUrl: 'http://127.0.0.1:3000',
  environment: 'test',
  emailVerification: 'off',
} as const satisfies AuthValues;

/** Routes of a host: one that says it is guarded, one that says it is open, one that says nothing. */
@Controller('notes')
export class NotesController {
  @Get('marked')
  @Auth()
  marked(@CurrentPrincipal() who: Principal | undefined): object {
    return { userId: who?.userId ?? null };
  }

  @Get('open')
  @Public()
  open(): object {
    return { open: true };
  }

  @Get('plain')
  plain(): object {
    return { plain: true };
  }
}

export interface HostSetup {
  /** Beside a data source in memory, unless `database` says another. */
  readonly imports: readonly Importable[];
  readonly database?: readonly DynamicModule[];
  readonly adapter?: Adapter;
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Provider[];
  /** Default `fast`. `own`: the one that the module itself is told. */
  readonly hasher?: 'fast' | 'own';
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  readonly prepare?: (app: INestApplication) => void | Promise<void>;
  /** Where log lines go. Default: nowhere. */
  readonly lines?: string[];
}

export interface Host {
  readonly app: INestApplication;
  readonly url: string;
  client(): Client;
  get<T>(token: Type<T> | (abstract new (...args: never[]) => T)): T;
}

const running: INestApplication[] = [];

/** Ends what a test has started, also when it failed. */
export function closeAfterEach(): void {
  afterEach(async () => {
    for (const app of running.splice(0)) await app.close();
  });
}

export function sqlite(options: Partial<TypeOrmModuleOptions> = {}): DynamicModule {
  return TypeOrmModule.forRoot({
    type: 'better-sqlite3',
    database: ':memory:',
    autoLoadEntities: true,
    synchronize: true,
    retryAttempts: 0,
    ...options,
  } as TypeOrmModuleOptions);
}

/** Starts an application that imports these modules on an ephemeral port of loopback. */
export async function startHost(setup: HostSetup): Promise<Host> {
  const logger = loggerInto(setup.lines);
  let builder = Test.createTestingModule({ imports: [hostModule(setup)] });
  if (setup.hasher !== 'own') builder.overrideProvider(PasswordHasher).useClass(FastPasswordHasher);
  builder = setup.override?.(builder) ?? builder;
  const moduleRef = await builder.setLogger(logger).compile();
  const adapter = setup.adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = moduleRef.createNestApplication(adapter as ExpressAdapter, { logger });
  running.push(app);
  await setup.prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  return { app, url, client: () => new Client(url), get: (token) => app.get(token as Type, { strict: false }) };
}

/** What a start that is refused says; an empty text when it is not. */
export async function refusal(setup: HostSetup): Promise<string> {
  return startHost(setup).then(
    () => '',
    (error: Error) => error.message,
  );
}

function hostModule({ imports, database = [sqlite()], controllers = [], providers = [] }: HostSetup): Type {
  @Module({ imports: [...database, ...imports], controllers: [...controllers], providers: [...providers] })
  class HostModule {}
  return HostModule;
}

function loggerInto(lines: string[] = []) {
  const keep = (level: string) => (message: unknown) => void lines.push(`${level} ${String(message)}`);
  return { log: keep('log'), warn: keep('warn'), error: keep('error'), fatal: keep('fatal') };
}
