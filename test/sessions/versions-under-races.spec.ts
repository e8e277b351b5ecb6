import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Accounts, Sessions } from '../../lib/index.js';
import { actingAs } from '../../lib/testing/index.js';
import type { TestApp } from '../support/app.js';
import { startRedis, type PrivateRedis } from '../support/redis-server.js';
import { isSnapshot, isVersion, newPerson, startStaged, withRedis, type StoreWrapper } from './kit.js';
import { RelayStore } from './relay-store.js';

const PEOPLE = 5;
const ROUND_MS = 4_000;
/** A scheme that is wrong is given longer, and stops when it has been seen to be. */
const TWIN_MS = 10_000;

/**
 * One thing about a user that changes over and over. Each state has a number. A request may see any state from the last
 * one acknowledged when it began to the last one begun when it ended, and no other.
 */
class History {
  acknowledged = 0;
  begun = 0;

  async next(change: (state: number) => Promise<unknown>): Promise<void> {
    const state = (this.begun += 1);
    await change(state);
    this.acknowledged = state;
  }
}

/** A store over a network of uneven speed: what a reader fills arrives up to 20 ms late. */
class DistantStore extends RelayStore {
  private fills = 0;

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    if (isSnapshot(key)) await delay(((this.fills += 1) * 7) % 20);
    return super.set(key, value, ttlMs);
  }
}

interface Sight {
  readonly status: number;
  readonly roles: readonly string[];
}

interface RaceResult {
  readonly changes: number;
  readonly reads: number;
  /** What was seen that was over. */
  readonly stale: readonly string[];
}

/** One user, whose roles are changed from both sides at once while sessions come and go. */
class Racer {
  readonly stale: string[] = [];
  changes = 0;
  reads = 0;
  private readonly left = new History();
  private readonly right = new History();
  private readonly life = new History();
  private session: { headers: Record<string, string>; state: number } | undefined;

  constructor(
    private readonly apps: readonly [TestApp, TestApp],
    private readonly userId: string,
    private readonly isOver: () => boolean,
  ) {}

  async run(): Promise<void> {
    await this.renew();
    const [one, two] = this.apps;
    await Promise.all([
      this.changeRoles(one, this.left, 'left'),
      this.changeRoles(two, this.right, 'right'),
      this.changeSessions(),
      this.read(one),
      this.read(two),
      this.read(one),
    ]);
  }

  /** Given in odd states and taken in even ones, always by this instance, with the other side's changes beside it. */
  private async changeRoles(app: TestApp, history: History, role: string): Promise<void> {
    const accounts = app.get(Accounts);
    while (!this.isOver()) {
      await history.next((state) =>
        state % 2 === 1 ? accounts.assignRole(this.userId, role) : accounts.removeRole(this.userId, role),
      );
      this.changes += 1;
      // At once and a little later: the readers that were on their way have written by then.
      await this.lookEverywhere();
      await delay((history.begun * 11) % 30);
      await this.lookEverywhere();
    }
  }

  /** Ends the session in every way there is, and begins the next one. */
  private async changeSessions(): Promise<void> {
    for (let times = 0; !this.isOver(); times += 1) {
      const app = this.apps[times % 2]!;
      await this.life.next(() => this.end(app, times % 4));
      this.changes += 1;
      await this.lookEverywhere();
      await this.renew();
      await delay((times * 13) % 60);
    }
  }

  private async end(app: TestApp, way: number): Promise<void> {
    const [sessions, accounts] = [app.get(Sessions), app.get(Accounts)];
    if (way === 0) await sessions.revokeAll(this.userId);
    if (way === 1) await sessions.revokeOthers(this.userId, '');
    if (way === 2) await accounts.disable(this.userId);
    if (way === 2) await accounts.enable(this.userId);
    if (way === 3) {
      const { items } = await sessions.list(this.userId);
      for (const { id } of items) await sessions.revoke(this.userId, id);
    }
  }

  private async renew(): Promise<void> {
    const headers = await actingAs(this.apps[0].app, this.userId);
    this.session = { headers: { ...headers }, state: this.life.acknowledged };
  }

  private async read(app: TestApp): Promise<void> {
    while (!this.isOver()) await this.look(app);
  }

  private async lookEverywhere(): Promise<void> {
    await Promise.all(this.apps.map((app) => this.look(app)));
  }

  private async look(app: TestApp): Promise<void> {
    const { headers, state } = this.session!;
    const before = { left: this.left.acknowledged, right: this.right.acknowledged, life: this.life.acknowledged };
    const seen = await look(app, headers);
    this.reads += 1;
    if (seen.status === 401) {
      if (this.life.begun === state) this.stale.push('a live session was refused');
      return;
    }
    if (seen.status !== 200) this.stale.push(`answered ${seen.status}`);
    if (before.life > state) this.stale.push('an ended session was let in');
    this.checkRole(seen, 'left', before.left, this.left.begun);
    this.checkRole(seen, 'right', before.right, this.right.begun);
  }

  private checkRole({ roles }: Sight, role: string, acknowledged: number, begun: number): void {
    if (begun > acknowledged) return;
    const expected = acknowledged % 2 === 1;
    if (roles.includes(role) !== expected) this.stale.push(`the role ${role} was ${expected ? 'not ' : ''}there`);
  }
}

async function look(app: TestApp, { cookie }: Record<string, string>): Promise<Sight> {
  const response = await fetch(`${app.url}/whoami`, { headers: { cookie: cookie! } });
  const { roles = [] } = (await response.json()) as { roles?: string[] };
  return { status: response.status, roles };
}

describe('thirty changers and readers on two instances', () => {
  let redis: PrivateRedis;
  let databaseUrl: string | undefined;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  async function race(
    Wrapper: StoreWrapper,
    { untilStale = false, meanwhile }: { untilStale?: boolean; meanwhile?: () => Promise<unknown> } = {},
  ): Promise<RaceResult> {
    const one = await startStaged({ database: 'postgres', ...found(), redisUrl: redis.url }, Wrapper);
    databaseUrl = one.databaseUrl;
    const two = await startStaged({ ...found(), redisUrl: redis.url }, Wrapper);
    const ids = await Promise.all(Array.from({ length: PEOPLE }, async () => (await newPerson(one)).userId));
    const until = Date.now() + (untilStale ? TWIN_MS : ROUND_MS);
    const racers: Racer[] = [];
    const isOver = (): boolean => Date.now() > until || (untilStale && racers.some(({ stale }) => stale.length > 0));
    racers.push(...ids.map((userId) => new Racer([one, two], userId, isOver)));
    const disturbing = disturb(isOver, meanwhile);
    try {
      await Promise.all(racers.map((racer) => racer.run()));
    } finally {
      await disturbing;
      await Promise.all([one.close(), two.close()]);
    }
    const sum = (of: (racer: Racer) => number): number => racers.reduce((total, racer) => total + of(racer), 0);
    return {
      changes: sum(({ changes }) => changes),
      reads: sum(({ reads }) => reads),
      stale: racers.flatMap(({ stale }) => stale),
    };
  }

  const found = (): { databaseUrl?: string } => (databaseUrl === undefined ? {} : { databaseUrl });

  async function disturb(isOver: () => boolean, meanwhile: (() => Promise<unknown>) | undefined): Promise<void> {
    while (meanwhile !== undefined && !isOver()) {
      await meanwhile();
      await delay(15);
    }
  }

  it('never see what an acknowledged change has ended', async () => {
    const { changes, reads, stale } = await race(DistantStore);
    expect(stale).toEqual([]);
    expect(changes).toBeGreaterThan(30);
    expect(reads).toBeGreaterThan(30);
  });

  it('nor when Redis is emptied again and again', async () => {
    const { changes, stale } = await withRedis(redis.url, (client) =>
      race(DistantStore, { meanwhile: () => client.flushAll() }),
    );
    expect(stale).toEqual([]);
    expect(changes).toBeGreaterThan(30);
  });

  it('would see it if a change deleted the snapshots instead', async () => {
    /** The version is the same for ever; a change deletes the snapshots that this instance has read or written. */
    class DeletingStore extends DistantStore {
      private readonly snapshots = new Map<string, Set<string>>();

      override getMany(keys: readonly string[]): Promise<(string | null)[]> {
        for (const key of keys) if (isSnapshot(key)) this.of(key).add(key);
        return super.getMany(keys);
      }

      override async set(key: string, value: string, ttlMs: number): Promise<void> {
        if (!isVersion(key)) await super.set(key, value, ttlMs);
      }

      override async delete(key: string): Promise<void> {
        if (!isVersion(key)) return super.delete(key);
        await Promise.all([...this.of(key)].map((snapshot) => super.delete(snapshot)));
      }

      private of(key: string): Set<string> {
        const user = key.slice(0, key.indexOf('}'));
        const known = this.snapshots.get(user) ?? new Set();
        this.snapshots.set(user, known);
        return known;
      }
    }

    const { stale } = await race(DeletingStore, { untilStale: true });
    expect(stale.length).toBeGreaterThan(0);
  });
});
