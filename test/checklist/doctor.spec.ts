import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createClient } from '@redis/client';
import { AbstractLogger, DataSource, type LogMessage } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lineOf } from '../../lib/checklist/report.js';
import { unexpected } from '../../lib/cli/doctor/failure.js';
import { DoctorPage } from '../../lib/cli/doctor/page.js';
import { rootModuleOf } from '../../lib/cli/root-module.js';
import { smtp, webhook } from '../../lib/index.js';
import { serverOptions } from '../support/app.js';
import { startMailbox } from '../support/mailbox.js';
import { startRedis } from '../support/redis-server.js';
import { postgresUrl } from '../support/services.js';
import { doctor, GOOD_SECRET, rootModule, type Host } from './kit.js';

/** Statements that a database was sent. */
class Statements extends AbstractLogger {
  readonly seen: string[] = [];

  override logQuery(query: string): void {
    this.seen.push(query);
  }

  protected override writeLog(_level: unknown, _message: LogMessage | LogMessage[]): void {}
}

describe('an application is looked at and not started', () => {
  const ran: string[] = [];

  @Injectable()
  class HostWork {
    onModuleInit = () => void ran.push('onModuleInit');
    onApplicationBootstrap = () => void ran.push('onApplicationBootstrap');
    onModuleDestroy = () => void ran.push('onModuleDestroy');
    beforeApplicationShutdown = () => void ran.push('beforeApplicationShutdown');
    onApplicationShutdown = () => void ran.push('onApplicationShutdown');
  }

  it.each(['express', 'fastify'] as const)('on %s: no hook, job, mail, server or table', async (adapter) => {
    ran.length = 0;
    const [url, redis, mailbox] = [await postgresUrl(), await startRedis(), await startMailbox()];
    const statements = new Statements(true);
    const result = await doctor({
      adapter,
      typeorm: { ...serverOptions(url), synchronize: true, migrationsRun: true, logger: statements },
      providers: [HostWork],
      auth: {
        secret: GOOD_SECRET,
        baseUrl: 'https://a.example.org',
        redis: { url: redis.url, commandTimeout: '3s' },
        mail: mailbox.options,
      },
    });
    const finding = (id: string) => result.report?.entries.find((entry) => entry.id === id);
    expect(finding('database.synchronize')).toMatchObject({ outcome: 'finding', evidence: { synchronize: true } });
    expect(finding('database.migrations-run')).toMatchObject({ outcome: 'finding' });
    expect(finding('mail.reachable')).toMatchObject({ outcome: 'passed' });
    expect(finding('store.atomic')).toMatchObject({ outcome: 'passed', evidence: { takers: 50, taken: 1 } });
    expect(ran).toEqual([]);
    expect(statements.seen.length).toBeGreaterThan(10);
    expect(statements.seen.filter((sql) => !/^\s*(?:SELECT|SHOW|SET|WITH|DESCRIBE)\b/i.test(sql))).toEqual([]);
    expect(mailbox.all()).toEqual([]);
    const tables = await new DataSource(serverOptions(url)).initialize();
    expect(await tables.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
    await tables.destroy();
    expect(await lastingKeys(redis.url)).toEqual([]);
    await Promise.all([redis.stop(), mailbox.close()]);
  });
});

describe('--static', () => {
  const asked: Server[] = [];
  let connections = 0;

  async function listener(): Promise<number> {
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    asked.push(server);
    return (server.address() as AddressInfo).port;
  }
  afterAll(() => asked.forEach((server) => server.close()));

  it('connects to nothing, and leaves nothing unchecked that options show', async () => {
    const [database, redis, mail] = [await listener(), await listener(), await listener()];
    const host: Host = {
      typeorm: { type: 'postgres', url: `postgres://u:p@127.0.0.1:${database}/d`, synchronize: true },
      auth: {
        secret: 'changeme',
        baseUrl: 'https://a.example.org',
        redis: { url: `redis://127.0.0.1:${redis}` },
        mail: smtp({ url: `smtp://127.0.0.1:${mail}`, from: 'a@example.org' }),
      },
    };
    const { report, fit, problems } = await doctor(host, { onlyOptions: true });
    expect({ connections, fit, problems }).toEqual({ connections: 0, fit: false, problems: [] });
    const unchecked = report!.entries.filter(({ outcome }) => outcome === 'unchecked').map(({ id }) => id);
    expect(unchecked.filter((id) => id !== 'network.harden')).toEqual([]);
    const ids = report!.entries.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['keys.strength', 'database.synchronize', 'cookies.secure']));
    expect(ids).not.toContain('database.schema');
    expect(ids).not.toContain('store.atomic');
    expect(report!.counts.refuse).toBeGreaterThan(1);
  });
});

describe('no secret and no part of a URL but its host is shown', () => {
  const marker = (name: string): string => `MARKER${name}MARKER`;
  const host: Host = {
    typeorm: {
      type: 'postgres',
      url: `postgres://${marker('dbuser')}:${marker('dbpass')}@127.0.0.1:1/${marker('db')}`,
    },
    auth: {
      secret: marker('secret'),
      secrets: { csrf: marker('csrf'), seal: marker('csrf') },
      acceptedSecrets: [{ secret: marker('accepted') }],
      baseUrl: `http://api.example.com/${marker('path')}`,
      appName: marker('name'),
      redis: { url: `redis://${marker('user')}:${marker('password')}@127.0.0.1:1/0` },
      instances: 2,
      mail: webhook({
        url: `https://${marker('hookuser')}:${marker('hookpass')}@127.0.0.1:1/${marker('hookpath')}?k=${marker('query')}`,
        secret: marker('hook').repeat(3),
        from: 'a@example.org',
      }),
      passwords: { contextWords: [marker('word')], pepper: { current: 'p', keys: { p: marker('pepper').repeat(3) } } },
      roles: { grants: { [marker('role')]: ['*'] } },
    },
  };
  const logged: string[] = [];

  beforeAll(() => {
    for (const level of ['log', 'warn', 'error'] as const) {
      vi.spyOn(Logger.prototype, level).mockImplementation((...parts: unknown[]) => void logged.push(parts.join(' ')));
    }
  });
  afterAll(() => void vi.restoreAllMocks());

  it('by the table, --json and the log', async () => {
    const examination = await doctor(host);
    expect(examination.report!.counts.refuse).toBeGreaterThan(4);
    expect(examination.unchecked.map((line) => line.split(':')[0])).toEqual(
      expect.arrayContaining(['sealed columns', 'stored passwords']),
    );
    const shown = [
      JSON.stringify(examination),
      new DoctorPage().findings(examination),
      new DoctorPage().places('app.module.js', examination.places!),
      ...examination.report!.entries.map(lineOf),
    ];
    expect([...shown, ...logged].join('\n')).not.toMatch(/MARKER/i);
  });

  it('by the start-up error', async () => {
    const typeorm = { type: 'better-sqlite3', database: ':memory:', synchronize: true } as const;
    const { redis: _redis, ...auth } = host.auth;
    const app = await NestFactory.create(rootModule({ typeorm, auth }), { logger: false, abortOnError: false });
    const error = (await app.init().catch((thrown: unknown) => thrown)) as Error;
    await app.close();
    expect(error.name).toBe('StartUpError');
    expect([String(error), error.stack, JSON.stringify(error), ...logged].join('\n')).not.toMatch(/MARKER/i);
  });
});

describe('the page', () => {
  it.each([80, 100, 120])('keeps to %i columns, by area, with the line to change', async (columns) => {
    const typeorm = { type: 'better-sqlite3', database: ':memory:' } as const;
    const examination = await doctor(
      { typeorm, auth: { secret: 'changeme', baseUrl: 'http://api.example.org' } },
      { onlyOptions: true },
    );
    const text = new DoctorPage(columns).findings(examination);
    const long = text.split('\n').filter((line) => line.length > columns && !line.includes('randomBytes'));
    expect(long).toEqual([]);
    expect(text).toMatch(/^KEYS\n {2}refuse {5}keys\.strength/m);
    expect(text).toMatch(/-> Set baseUrl to the https:\/\/ address/);
    expect(text.replace(/\s+/g, ' ')).toMatch(/Not fit for production\.$/);
  });

  it('of options that cannot be lists them all', async () => {
    const typeorm = { type: 'better-sqlite3', database: ':memory:' } as const;
    const auth = { secret: GOOD_SECRET, baseUrl: 'nowhere', instances: 0 };
    const examination = await doctor({ typeorm, auth });
    expect(examination).toMatchObject({ fit: false, report: undefined });
    expect(examination.problems.map((line) => line.split(':')[0])).toEqual(['baseUrl', 'instances']);
    expect(new DoctorPage(80).findings(examination)).toContain('2 things are wrong with the options');
  });
});

describe('what could not be looked at', () => {
  it('is listed with its reason, counts as a warning, and takes the plain word from the verdict', async () => {
    const typeorm = { type: 'better-sqlite3', database: ':memory:' } as const;
    const looked = await doctor(
      { typeorm, auth: { secret: GOOD_SECRET, baseUrl: 'https://a.example.org' } },
      { onlyOptions: true },
    );
    const textOf = (unchecked: readonly string[]): string =>
      new DoctorPage().findings({ ...looked, fit: true, unchecked }).replace(/\s+/g, ' ');
    const { warn, unchecked } = looked.report!.counts;
    const text = textOf(['sealed columns: ECONNREFUSED']);
    expect(text).toContain('COULD NOT BE CHECKED - sealed columns: ECONNREFUSED');
    expect(text).toContain(`${warn + 1} warn (${unchecked + 1} could not be checked)`);
    expect(text).toMatch(/Fit for production, as far as could be checked\.$/);
    expect(textOf([])).toMatch(/Fit for production\.$/);
  });
});

describe('what stops the application from being made', () => {
  const saidOf = (error: unknown): string => {
    try {
      return unexpected(error);
    } catch (thrown) {
      return (thrown as Error).message;
    }
  };

  it('is shown by class and place: what the application says may hold values', () => {
    const quoted = new TypeError('"DB_PASSWORD" with value "hunter2" is wrong\n    at hunter3 (x.js:1:1)');
    expect(saidOf(quoted)).toMatch(/cannot be made: TypeError\b/);
    expect(saidOf(quoted)).toMatch(/\n\s+at .*doctor\.spec\.ts/);
    expect(saidOf(quoted)).not.toContain('hunter');
  });

  it('is shown by its code where it has one, and whole where Gatehouse says it', () => {
    const refused = Object.assign(new Error('postgres://u:hunter2@db'), { code: 'ECONNREFUSED' });
    expect(saidOf(refused)).toBe('The application cannot be made: ECONNREFUSED');
    const own = Object.assign(new Error('Gatehouse: baseUrl'), { name: 'StartUpError' });
    expect(saidOf(own)).toBe('Gatehouse: baseUrl');
  });
});

describe('what is no root module is refused before it runs', () => {
  const started = '__gatehouseStarted';
  const folders: string[] = [];

  async function file(name: string, code: string): Promise<string> {
    const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-root-'));
    folders.push(folder);
    await writeFile(path.join(folder, name), code);
    return path.join(folder, name);
  }
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

  it.each([
    ['main.js', `globalThis.${started} = true`, /starts the application/],
    ['main.cjs', `globalThis.${started} = true`, /starts the application/],
    ['server.mjs', `globalThis.${started} = true; import('x').then(({ NestFactory }) => 1)`, /starts the application/],
    ['app.module.ts', `globalThis.${started} = true`, /is TypeScript/],
    ['app.module.mjs', 'export class AppModule {}', /exports no class with @Module/],
  ])('%s', async (name, code, reason) => {
    await expect(rootModuleOf(await file(name, code))).rejects.toThrow(reason);
    expect(started in globalThis).toBe(false);
  });

  it('a file that is not there', async () => {
    await expect(rootModuleOf('/nowhere/app.module.js')).rejects.toThrow('There is no file');
  });
});

/** Keys that would stay, or that are not the doctor's. */
async function lastingKeys(url: string): Promise<readonly string[]> {
  const client = createClient({ url });
  await client.connect();
  const keys = await client.keys('*');
  const lasting: string[] = [];
  for (const key of keys) {
    const ttlMs = await client.pTTL(key);
    if (!key.startsWith('gh:doctor:') || ttlMs < 0 || ttlMs > 10_000) lasting.push(key);
  }
  await client.quit();
  return lasting;
}
