import { Body, Controller, HttpCode, NotFoundException, Param, Post } from '@nestjs/common';
import { Accounts, Clock, Public, Sessions, StateStore, type AuthOptions } from '../../lib/index.js';
import { AuthSettings } from '../../lib/options/auth-settings.js';
import { createStateStore } from '../../lib/store/state-store.provider.js';
import type { AttemptBegin, AttemptEnd } from '../../lib/store/state-store.js';
import { TestClock } from '../../lib/testing/index.js';
import { RelayStore } from '../sessions/relay-store.js';
import { PASSWORD, startApp, type Stack, type TestApp, type User } from '../support/app.js';

/** A real store that counts no attempts: wrong passwords are part of the plan here, and locks are not. */
export class PatientStore extends RelayStore {
  override attemptBegin(): Promise<AttemptBegin> {
    return Promise.resolve({ allowed: true });
  }

  override attemptEnd(): Promise<AttemptEnd> {
    return Promise.resolve({ lockedForMs: 0 });
  }
}

export const passwordOf = (version: number): string => `${PASSWORD}, edition ${version}`;

/** What an application does to its users, as routes of its own. */
@Controller('host')
class HostRoutes {
  constructor(
    private readonly accounts: Accounts,
    private readonly sessions: Sessions,
  ) {}

  @Public()
  @Post(':action')
  @HttpCode(204)
  async act(@Param('action') action: string, @Body() { email }: { email: string }): Promise<void> {
    const user = await this.accounts.findByEmail(email);
    if (user === undefined) throw new NotFoundException();
    if (action === 'disable') await this.accounts.disable(user.id);
    if (action === 'enable') await this.accounts.enable(user.id);
    if (action === 'end-all') await this.sessions.revokeAll(user.id);
    if (action === 'new-password') await this.renew(user.id, email);
  }

  /** One after another for each user: the next edition is counted here, not by the database. */
  private async renew(userId: string, email: string): Promise<void> {
    const before = editions.get(email);
    const turn = (before?.turn ?? Promise.resolve(0)).then(async (edition) => {
      await this.accounts.setPassword(userId, passwordOf(edition + 1));
      return edition + 1;
    });
    editions.set(email, { turn });
    await turn;
  }
}

const editions = new Map<string, { turn: Promise<number> }>();

export interface Stand {
  readonly apps: readonly TestApp[];
  readonly clock: TestClock;
  /** Requests, and those that were answered 503. */
  readonly tally: { sent: number; unknown: number };
  close(): Promise<void>;
}

export interface StandSetup {
  readonly stack: Stack;
  readonly instances?: number;
  readonly Store?: new (inner: StateStore) => StateStore;
  readonly tokens?: AuthOptions<User>['tokens'];
}

/** One application, or several on one database and one store, with one clock. */
export async function startStand({ stack, instances = 1, Store = PatientStore, tokens }: StandSetup): Promise<Stand> {
  const clock = new TestClock();
  const apps: TestApp[] = [];
  for (let index = 0; index < instances; index += 1) {
    const shared = index === 0 ? stack : { databaseUrl: apps[0]!.databaseUrl!, redisUrl: apps[0]!.redisUrl! };
    apps.push(
      await startApp({
        ...shared,
        clock,
        controllers: [HostRoutes],
        auth: {
          rateLimits: { multiplier: 1_000_000 },
          sessions: { idle: '24h', fresh: '24h', cap: 1_000 },
          tokens: { accessTtl: '24h', ...tokens },
        },
        override: (builder) =>
          builder.overrideProvider(StateStore).useFactory({
            factory: async (settings: AuthSettings, time: Clock) => new Store(await createStateStore(settings, time)),
            inject: [AuthSettings, Clock] as never,
          }),
      }),
    );
  }
  return {
    apps,
    clock,
    tally: { sent: 0, unknown: 0 },
    close: async () => {
      for (const app of apps.reverse()) await app.close();
    },
  };
}
