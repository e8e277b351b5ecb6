import { Controller, Get, Injectable, Post } from '@nestjs/common';
import { createClient } from '@redis/client';
import type { Logger as SqlLogger } from 'typeorm';
import { Accounts, Auth, AuthError, Clock, CurrentPrincipal, Principal, StateStore } from '../../lib/index.js';
import { AuthSettings } from '../../lib/options/auth-settings.js';
import type { LiveSession } from '../../lib/sessions/live-session.js';
import { SessionLoader } from '../../lib/sessions/session-loader.js';
import { createStateStore } from '../../lib/store/state-store.provider.js';
import { PASSWORD, startApp, type AppSetup, type TestApp } from '../support/app.js';
import type { Client } from '../support/client.js';
import { RelayStore } from './relay-store.js';

/** A host's own guarded routes: what the guard knows of the caller. */
@Controller()
export class WhoController {
  @Get('whoami')
  @Auth()
  who(@CurrentPrincipal() { userId, roles, emailVerified }: Principal): object {
    return { userId, roles, emailVerified };
  }

  @Post('notes')
  @Auth()
  add(@CurrentPrincipal() { userId }: Principal): object {
    return { userId };
  }
}

/** A point that one piece of work reaches and stays at until the test lets it go on. */
export class Gate {
  readonly reached: Promise<void>;
  private readonly opened: Promise<void>;
  private arrive!: () => void;
  open!: () => void;

  constructor() {
    this.reached = new Promise((resolve) => (this.arrive = resolve));
    this.opened = new Promise((resolve) => (this.open = resolve));
  }

  async pass(): Promise<void> {
    this.arrive();
    await this.opened;
  }
}

/** `mark`: a change is announced. `forget`: its version is deleted. `fill`: a reader writes what it has loaded. */
export type CacheStep = 'mark' | 'forget' | 'fill';

/** A real store in which a test holds or refuses single steps of the session cache. */
export class StagedStore extends RelayStore {
  readonly refused = new Set<CacheStep>();
  readonly fills: string[] = [];
  private readonly gates = new Map<CacheStep, Gate>();

  /** Holds the next such step: a fill before it is written, a mark after it has been. */
  hold(step: 'mark' | 'fill'): Gate {
    const gate = new Gate();
    this.gates.set(step, gate);
    return gate;
  }

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    const step = isVersion(key) ? 'mark' : isSnapshot(key) ? 'fill' : undefined;
    if (step === undefined) return super.set(key, value, ttlMs);
    this.refuseIfTold(step);
    const gate = this.gates.get(step);
    this.gates.delete(step);
    if (step === 'fill') {
      await gate?.pass();
      this.fills.push(key);
    }
    await super.set(key, value, ttlMs);
    if (step === 'mark') await gate?.pass();
  }

  override async delete(key: string): Promise<void> {
    if (isVersion(key)) this.refuseIfTold('forget');
    return super.delete(key);
  }

  private refuseIfTold(step: CacheStep): void {
    if (this.refused.has(step)) throw new AuthError('STORE_UNAVAILABLE', { retryAfterMs: 1_000 });
  }
}

export function isVersion(key: string): boolean {
  return /^gh:\{[^}]+\}:v$/.test(key);
}

export function isSnapshot(key: string): boolean {
  return /^gh:\{[^}]+\}:s:/.test(key);
}

/** Counts the SQL statements that a data source runs, transaction control included. */
export class SqlCounter implements SqlLogger {
  readonly statements: string[] = [];

  /** Rules for addresses are read by time, once in 5 s, whatever the request is that comes by. */
  logQuery(query: string): void {
    if (!query.includes('auth_ip_rules')) this.statements.push(query);
  }

  /** The statements since the last call. */
  taken(): string[] {
    return this.statements.splice(0);
  }

  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}

/** A real loader in which a test holds a reader that has read the row and done nothing with it yet. */
@Injectable()
export class HeldLoader extends SessionLoader {
  private gate: Gate | undefined;

  hold(): Gate {
    return (this.gate = new Gate());
  }

  override async load(userId: string, sid: string): Promise<LiveSession | undefined> {
    const session = await super.load(userId, sid);
    const { gate } = this;
    this.gate = undefined;
    await gate?.pass();
    return session;
  }
}

export type StoreWrapper = new (inner: StateStore) => StateStore;

/** An application with the guarded routes above whose store is wrapped and whose loader can be held. */
export function startStaged(setup: AppSetup, Wrapper: StoreWrapper = StagedStore): Promise<TestApp> {
  return startApp({
    controllers: [WhoController],
    ...setup,
    override: (builder) => {
      builder.overrideProvider(StateStore).useFactory({
        factory: async (settings: AuthSettings, clock: Clock) => new Wrapper(await createStateStore(settings, clock)),
        inject: [AuthSettings, Clock] as never,
      });
      builder.overrideProvider(SessionLoader).useClass(HeldLoader);
      return setup.override?.(builder) ?? builder;
    },
  });
}

export function stagedStore(app: TestApp): StagedStore {
  return app.get(StateStore) as StagedStore;
}

export interface Person {
  readonly userId: string;
  readonly email: string;
}

let people = 0;

/** A new account that can sign in with `PASSWORD`. */
export async function newPerson(app: TestApp, roles: readonly string[] = []): Promise<Person> {
  people += 1;
  const email = `person${people}@example.com`;
  const user = await app.get(Accounts).create({ email, password: PASSWORD, roles });
  return { userId: user!.id, email };
}

/** A browser of this person, signed in at this instance. */
export async function signedIn(app: TestApp, { email }: Person): Promise<Client> {
  const client = app.client();
  const { status } = await client.signIn(email);
  if (status !== 200) throw new Error(`The sign-in of ${email} was answered ${status}.`);
  return client;
}

/** Runs commands of the test's own on a Redis server. */
export async function withRedis<T>(
  url: string,
  work: (client: ReturnType<typeof createClient>) => Promise<T>,
): Promise<T> {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.disconnect();
  }
}

export interface Cost {
  /** Commands that reached Redis, by its own statistics; those of scripts included. */
  readonly redis: readonly string[];
  readonly sql: readonly string[];
}

export const NO_COST: Cost = { redis: [], sql: [] };
export const ONE_ROUND_TRIP: Cost = { redis: ['mget'], sql: [] };

/** What `costOf` itself sends. */
const OUR_OWN = /^(?:info|config\|resetstat|config|client\|.*|hello|auth|select)$/;

/** What some work costs, on a Redis that nobody else uses. */
export async function costOf(redisUrl: string, sql: SqlCounter, work: () => Promise<unknown>): Promise<Cost> {
  await withRedis(redisUrl, (client) => client.configResetStat());
  sql.taken();
  await work();
  const statements = sql.taken();
  const stats = await withRedis(redisUrl, (client) => client.info('commandstats'));
  const commands = [...stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].flatMap(([, name = '', calls]) =>
    new Array<string>(Number(calls)).fill(name),
  );
  return { redis: commands.filter((name) => !OUR_OWN.test(name)).sort(), sql: statements };
}

/** Waits until something is so, 10 s at most. */
export async function until(is: () => Promise<boolean> | boolean, what: string): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    if (await is()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Waited for 10 s: ${what}`);
}
