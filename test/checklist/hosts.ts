import { createServer, type AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Controller, Get } from '@nestjs/common';
import { createClient } from '@redis/client';
import { hash } from 'bcrypt';
import type { MigrationInterface } from 'typeorm';
import {
  Auth,
  BreachedPasswords,
  Clock,
  oidc,
  PasswordHasher,
  Public,
  PwnedPasswords,
  smtp,
  StateStore,
  type AuthValues,
} from '../../lib/index.js';
import { ApiKey } from '../../lib/features/api-keys/api-key.entity.js';
import { OutboxEntry } from '../../lib/mail/outbox-entry.entity.js';
import { UserRole } from '../../lib/roles/user-role.entity.js';
import { MemoryStateStore } from '../../lib/store/memory-state-store.js';
import { serverOptions, startApp, User } from '../support/app.js';
import { startMailbox } from '../support/mailbox.js';
import { startRedis } from '../support/redis-server.js';
import { postgresUrl } from '../support/services.js';
import { GOOD_SECRET, type Host } from './kit.js';

const DAY_MS = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();
const secret = (letter: string): string => [...GOOD_SECRET].reverse().join('') + letter;

/** Something to end when the specs are over. */
export const ends: (() => Promise<unknown>)[] = [];

class FirstTables1700000000000 implements MigrationInterface {
  async up(): Promise<void> {}
  async down(): Promise<void> {}
}

@Controller('admin/reports')
@Auth({ roles: ['admin'] })
class GuardedAdministration {
  @Get()
  read(): void {}
}

@Controller('admin/reports')
class OpenAdministration {
  @Get()
  read(): void {}
}

@Controller('shop')
@Public()
class Shop {
  @Get()
  front(): void {}
}

class LateClock extends Clock {
  override now(): number {
    return Date.now() + 60_000;
  }
}

/** A store whose author has not read the contract. */
class CarelessStore extends MemoryStateStore {
  override async take(key: string): Promise<string | null> {
    const value = await this.get(key);
    await Promise.resolve();
    await this.delete(key);
    return value;
  }

  override set(key: string, value: string): Promise<void> {
    return super.set(key, value, 60_000);
  }
}

/** An application that people may rely on. */
export async function goodHost(): Promise<Host> {
  const url = await postgresUrl();
  const redis = await startRedis();
  const mailbox = await startMailbox();
  ends.push(
    () => redis.stop(),
    () => mailbox.close(),
  );
  await configure(redis.url, 'noeviction');
  const made = await startApp({
    databaseUrl: url,
    typeorm: { migrations: [FirstTables1700000000000] },
  });
  await made.dataSource.runMigrations();
  await made.close();
  return {
    typeorm: { ...serverOptions(url), migrations: [FirstTables1700000000000] } as Host['typeorm'],
    controllers: [GuardedAdministration],
    auth: {
      secret: GOOD_SECRET,
      baseUrl: 'https://api.example.org',
      trustedProxyHops: 1,
      redis: { url: redis.url, commandTimeout: '3s' },
      instances: 3,
      passwords: { cost: 10 },
      mail: mailbox.options,
      roles: { grants: { auditor: ['reports:read'] } },
      oauth: {
        providers: { work: oidc({ issuer: 'https://id.example.org', clientId: 'c', clientSecret: 'c'.repeat(40) }) },
      },
      overrides: [{ provide: BreachedPasswords, useClass: PwnedPasswords }],
    },
  };
}

const WORST: AuthValues = {
  secret: 'changeme',
  secrets: { csrf: 'changeme' },
  acceptedSecrets: [
    { secret: secret('a'), notAfter: inDays(-3) },
    { secret: secret('b'), notAfter: inDays(3) },
    { secret: secret('c') },
  ],
  baseUrl: 'http://api.example.org',
  origins: ['http://shop.example.org'],
  instances: 2,
  rateLimits: { multiplier: 50 },
  sessions: { rememberAbsolute: '90d' },
  tokens: { checking: 'signature', accessTtl: '1h' },
  passwords: { minLength: 8, cost: 4, composition: ['digit'], pepper: { current: 'p', keys: { p: 'p'.repeat(40) } } },
  emailVerification: 'off',
  secondFactor: { roles: ['administrater'] },
  passkeys: { rpId: 'elsewhere.example.com' },
  roles: { default: ['admin'] },
  jobs: 'manual',
  ipRules: { mode: 'allowlist' },
  http: { hsts: false, hosts: ['other.example.org'], apiDocs: true, cors: { origins: '*' } },
  oauth: { providers: { work: oidc({ issuer: 'http://127.0.0.1:9', clientId: 'c' }) }, linkByVerifiedEmail: true },
};

/** Everything wrong that options, code and one file with an old database can be wrong with. */
export async function worstHost(): Promise<Host> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gatehouse-worst-'));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const typeorm = { type: 'better-sqlite3', database: path.join(folder, 'app.sqlite') } as const;
  const made = await startApp({ typeorm });
  const old = Date.now() - 200 * DAY_MS;
  const { manager } = made.dataSource;
  const user = { id: 'a'.repeat(36), email: 'ada@example.com', emailCanonical: 'ada@example.com', createdAt: old };
  await manager.insert(User, { ...user, passwordHash: await hash('changeme', 4) });
  await manager.insert(UserRole, { userId: user.id, role: 'admin', assignedAt: old });
  await manager.insert(OutboxEntry, { id: 'o', createdAt: old, dueAt: old });
  const key = { id: 'k', userId: user.id, name: 'n', label: 'live', hash: 'h'.repeat(43) };
  await manager.insert(ApiKey, { ...key, createdAt: old, expiresAt: Date.now() + DAY_MS, endsAt: Date.now() + DAY_MS });
  await made.close();
  return {
    typeorm: { ...typeorm, synchronize: true },
    controllers: [OpenAdministration, Shop],
    auth: { ...WORST, protect: 'marked', overrides: [{ provide: Clock, useClass: LateClock }] },
  };
}

/** PostgreSQL and Redis away from this machine, as far as their names tell, in the clear and without tables. */
export async function remoteHost(): Promise<Host> {
  const database = elsewhere(await postgresUrl());
  const redis = await startRedis();
  ends.push(() => redis.stop());
  await configure(redis.url, 'volatile-lru');
  return {
    typeorm: {
      ...serverOptions(database),
      dropSchema: true,
      migrationsRun: true,
      migrations: [FirstTables1700000000000],
    } as Host['typeorm'],
    adapter: 'fastify',
    auth: {
      secret: GOOD_SECRET,
      baseUrl: 'https://api.example.org',
      trustedProxyHops: 0,
      redis: { url: elsewhere(redis.url), commandTimeout: '3s' },
      cookies: { sameSite: 'none', domain: 'example.org' },
      http: { hsts: false },
      mail: smtp({ url: `smtp://127.0.0.1:${await closedPort()}`, from: 'a@example.org' }),
      overrides: [{ provide: Clock, useClass: LateClock }],
    },
  };
}

/** A hasher whose author was in a hurry. */
class InstantHasher extends PasswordHasher {
  override async hash(): Promise<string> {
    return 'instant';
  }

  override async verify(): Promise<boolean> {
    return false;
  }

  override needsRehash(): boolean {
    return false;
  }
}

/** Ports of its own that keep nothing of what they promise. */
export function carelessHost(good: Host): Host {
  const { redis, ...auth } = good.auth;
  const overrides = [
    { provide: StateStore, useFactory: (clock: Clock) => new CarelessStore(clock), inject: [Clock] },
    { provide: PasswordHasher, useClass: InstantHasher },
  ];
  return { ...good, auth: { ...auth, instances: 1, overrides } };
}

/** Nothing answers. */
export async function deadHost(): Promise<Host> {
  const port = await closedPort();
  return {
    typeorm: { type: 'postgres', url: `postgres://u:p@127.0.0.1:${port}/d` },
    auth: { secret: GOOD_SECRET, baseUrl: 'https://api.example.org', redis: { url: `redis://127.0.0.1:${port}` } },
  };
}

/** The same server under a name that is not this machine's. */
function elsewhere(url: string): string {
  const named = new URL(url);
  named.hostname = '0.0.0.0';
  return named.href;
}

async function configure(url: string, policy: string): Promise<void> {
  const client = createClient({ url });
  await client.connect();
  await client.configSet('maxmemory-policy', policy);
  await client.quit();
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
