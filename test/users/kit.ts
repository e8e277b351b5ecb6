import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Controller, Get } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { afterEach } from 'vitest';
import { Auth, CurrentPrincipal, CurrentUser, type Principal } from '../../lib/index.js';
import { PasswordRecord } from '../../lib/sign-in/password-record.service.js';
import {
  PASSWORD,
  serverOptions,
  startApp,
  type AppSetup,
  type DatabaseKind,
  type Stack,
  type TestApp,
} from '../support/app.js';
import { mariadbUrl, postgresUrl } from '../support/services.js';
import type { Legacy } from './tables.js';

/** A host's own guarded routes: what it learns of the caller. */
@Controller()
export class CallerController {
  @Get('whoami')
  @Auth()
  who(@CurrentPrincipal() { userId, roles, emailVerified }: Principal): object {
    return { userId, roles, emailVerified };
  }

  @Get('entity')
  @Auth()
  entity(@CurrentUser() user: object): object {
    return { class: user.constructor.name, ...user };
  }
}

const running: TestApp[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** An application over a table that was there before it. `rows` are statements that fill it. */
export async function startOver(
  { entity, ddl, userColumns, auth }: Legacy,
  { database, store }: Stack,
  { rows = [], ...setup }: AppSetup & { readonly rows?: readonly string[] } = {},
): Promise<TestApp> {
  const place = await newPlace(database);
  const before = await new DataSource(place).initialize();
  for (const statement of [ddl(database), ...rows]) await before.query(statement);
  await before.destroy();
  const app = await startApp({
    controllers: [CallerController],
    store,
    ...('url' in place ? { databaseUrl: place.url } : {}),
    ...setup,
    typeorm: { ...('url' in place ? {} : place), ...setup.typeorm } as NonNullable<AppSetup['typeorm']>,
    auth: { userEntity: entity as never, userColumns, ...auth, ...setup.auth },
  });
  running.push(app);
  return app;
}

async function newPlace(kind: DatabaseKind) {
  if (kind === 'postgres') return serverOptions(await postgresUrl());
  if (kind === 'mariadb') return serverOptions(await mariadbUrl());
  const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-users-'));
  folders.push(folder);
  return { type: 'better-sqlite3', database: path.join(folder, 'host.sqlite') } as const;
}

export async function rowsOf(app: TestApp, table: string): Promise<Record<string, unknown>[]> {
  return app.dataSource.query(`SELECT * FROM ${table}`);
}

/** The stored hash of the only user. */
export async function storedHash(app: TestApp, { hash: [table, column] }: Legacy): Promise<unknown> {
  return (await rowsOf(app, table))[0]?.[column];
}

/** Registers somebody, as the table wants it. */
export function register(app: TestApp, { body }: Legacy, email: string) {
  return app.client().post('/auth/register', { email, password: PASSWORD, ...body });
}

/** Waits for what password checks leave behind: it is written after their answers. */
export function settled(app: TestApp): Promise<void> {
  return app.get(PasswordRecord).beforeApplicationShutdown();
}
