import { setTimeout as delay } from 'node:timers/promises';
import type { NextFunction, Request, Response } from 'express';
import { DataSource } from 'typeorm';
import { Accounts, AuthError, Clock, Jobs, oidc, StateStore, type MailKind } from '../../../lib/index.js';
import { AuthSettings } from '../../../lib/options/auth-settings.js';
import { createStateStore } from '../../../lib/store/state-store.provider.js';
import { startHostileProvider, type HostileProvider } from '../../oauth/hostile-provider.js';
import { ORIGIN } from '../../passkeys/kit.js';
import { WhoController } from '../../sessions/kit.js';
import { PASSWORD, serverOptions, startApp, type Stack, type TestApp } from '../../support/app.js';
import { redisUrl } from '../../support/services.js';
import { startMailbox, type Mailbox, type ReceivedMail } from '../../support/mailbox.js';
import { breakDatabase } from './broken-database.js';
import { breakStore } from './broken-store.js';
import { Person } from './person.js';
import { Run } from './run.js';

export interface Deadlines {
  readonly databaseMs: number;
  readonly storeMs: number;
}

/** What hangs in the database goes on so long after the deadline. */
const LATE_MS = 100;
const PATIENCE_MS = 6_000;

/** An application with all that signs people in, whose database and store fail at the call that a run names. */
export class Stand {
  private delivering: Promise<void> | undefined;
  private people = 0;

  private constructor(
    readonly app: TestApp,
    readonly mailbox: Mailbox,
    readonly provider: HostileProvider,
    readonly deadlines: Deadlines,
    /** Beside the application, where that is possible: what breaks there is not broken here. */
    private readonly observer: DataSource,
    private readonly runs: Map<string, Run>,
  ) {}

  static async start(stack: Stack, deadlines: Deadlines): Promise<Stand> {
    const [mailbox, provider] = await Promise.all([startMailbox(), startHostileProvider()]);
    const { clientId, clientSecret } = provider;
    const url = stack.store === 'redis' ? await redisUrl() : undefined;
    const hostile = oidc({ issuer: provider.issuer('hostile'), clientId, clientSecret });
    const runs = new Map<string, Run>();
    const app = await startApp({
      ...stack,
      hasher: 'real',
      controllers: [WhoController],
      prepare: (nest) => {
        nest.use((request: Request, _response: Response, next: NextFunction) => {
          const run = runs.get(request.get('x-run') ?? '');
          if (run === undefined) next();
          else run.enter(next);
        });
      },
      auth: {
        // A busy machine is no fault of the store's.
        ...(url === undefined ? {} : { redis: { url, commandTimeout: '5s' } }),
        baseUrl: ORIGIN,
        trustedProxyHops: 1,
        passwords: { cost: 4 },
        emailVerification: 'required',
        rateLimits: { multiplier: 1_000_000 },
        database: { timeout: `${deadlines.databaseMs}ms` },
        mail: mailbox.options,
        jobs: 'manual',
        oauth: { providers: { hostile } },
      },
      override: (builder) =>
        builder.overrideProvider(StateStore).useFactory({
          factory: async (settings: AuthSettings, clock: Clock) =>
            breakStore(await createStateStore(settings, clock), deadlines.storeMs),
          inject: [AuthSettings, Clock] as never,
        }),
    });
    breakDatabase(app.dataSource, deadlines.databaseMs + LATE_MS);
    const { databaseUrl } = app;
    const observer =
      databaseUrl === undefined ? app.dataSource : await new DataSource(serverOptions(databaseUrl)).initialize();
    return new Stand(app, mailbox, provider, deadlines, observer, runs);
  }

  async close(): Promise<void> {
    if (!this.isShared) await this.observer.destroy();
    await this.app.close();
    await this.provider.close();
    await this.mailbox.close();
  }

  /** Whether all runs share one connection, so that what one breaks is broken for all. */
  get isShared(): boolean {
    return this.app.databaseUrl === undefined;
  }

  newRun(): Run {
    const run = new Run();
    this.runs.set(run.id, run);
    return run;
  }

  end(run: Run): void {
    this.runs.delete(run.id);
  }

  newAddress(): string {
    this.people += 1;
    return `person${this.people}@example.com`;
  }

  /** Somebody with a proven address. */
  async account(run: Run): Promise<Person> {
    const accounts = this.app.get(Accounts);
    const { id, email } = await this.surely(async () => {
      const account = { email: this.newAddress(), password: PASSWORD, emailVerified: true };
      return (await accounts.create(account))!;
    });
    return new Person(this, run.id, email, id);
  }

  /** The same, signed in. */
  async member(run: Run): Promise<Person> {
    return (await this.account(run)).signedIn();
  }

  disable(userId: string): Promise<void> {
    return this.surely(() => this.app.get(Accounts).disable(userId));
  }

  enable(userId: string): Promise<void> {
    return this.surely(() => this.app.get(Accounts).enable(userId));
  }

  /** Tries again while a busy machine, or a call that hangs, keeps the deadline from being met. */
  private async surely<T>(work: () => Promise<T>): Promise<T> {
    for (const giveUpAt = performance.now() + PATIENCE_MS; ; await delay(20)) {
      try {
        return await work();
      } catch (error) {
        if (!isLate(error) || performance.now() > giveUpAt) throw error;
      }
    }
  }

  /** Every letter of the kind that has come or is to come; of one that came twice the latest. */
  async letters(to: string, kind: MailKind): Promise<readonly ReceivedMail[]> {
    while ((await this.count('auth_outbox', 'done_at IS NULL')) > 0) {
      await (this.delivering ??= this.deliver());
    }
    const letters = this.mailbox.all(to).filter((letter) => letter.kind === kind);
    return [...new Map(letters.map((letter) => [letter.messageId, letter])).values()];
  }

  private async deliver(): Promise<void> {
    try {
      // A try that met a deadline has its letter for a minute yet.
      await this.query('UPDATE auth_outbox SET due_at = 0, claimed_until = 0 WHERE done_at IS NULL');
      await this.app.get(Jobs).run('outbox');
      await delay(5);
    } catch (error) {
      if (!isLate(error)) throw error;
    } finally {
      this.delivering = undefined;
    }
  }

  async count(table: string, where = '1 = 1', values: readonly unknown[] = []): Promise<number> {
    const [row] = await this.query(`SELECT count(*) AS n FROM ${table} WHERE ${where}`, values);
    return Number(row!['n']);
  }

  query(sql: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    let place = 0;
    const numbered = sql.replace(/\?/g, () => `$${(place += 1)}`);
    const isPostgres = this.app.dataSource.options.type === 'postgres';
    return this.observer.query(isPostgres ? numbered : sql, [...values]);
  }
}

function isLate(error: unknown): boolean {
  return error instanceof AuthError && error.code === 'STORE_UNAVAILABLE';
}
