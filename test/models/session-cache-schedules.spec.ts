import { describe, expect, it } from 'vitest';
import { MemoryStateStore, TestClock } from '../../lib/testing/index.js';
import type { LiveSession } from '../../lib/sessions/live-session.js';
import { SessionCache } from '../../lib/sessions/session-cache.js';
import { SessionLoader } from '../../lib/sessions/session-loader.js';
import { VersionCleanup } from '../../lib/sessions/version-cleanup.js';
import { RelayStore } from '../sessions/relay-store.js';

type Turn = () => Promise<void>;

/** A store in which each operation of one actor waits for its turn. */
class TurnStore extends RelayStore {
  constructor(
    inner: MemoryStateStore,
    private readonly turn: Turn,
    private readonly forgetful: boolean,
  ) {
    super(inner);
  }

  override async getMany(keys: readonly string[]): Promise<(string | null)[]> {
    await this.turn();
    return super.getMany(keys);
  }

  override async get(key: string): Promise<string | null> {
    await this.turn();
    return super.get(key);
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    await this.turn();
    return super.setIfAbsent(key, value, ttlMs);
  }

  override async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.turn();
    if (value !== 'changing' || !this.forgetful) await super.set(key, value, ttlMs);
  }

  override async delete(key: string): Promise<void> {
    await this.turn();
    if (!this.forgetful) await super.delete(key);
  }
}

/** The row of a session, read when it is the reader's turn. */
class RowLoader extends SessionLoader {
  constructor(
    private readonly row: { live: boolean },
    private readonly session: LiveSession,
    private readonly turn: Turn,
  ) {
    super(undefined as never, undefined as never, undefined as never, undefined as never);
  }

  override async load(): Promise<LiveSession | undefined> {
    await this.turn();
    return this.row.live ? this.session : undefined;
  }
}

/** Lets waiting actors go on one at a time, in the order that a schedule says. */
class Scheduler {
  private readonly waiting = new Map<string, () => void>();

  turnOf(actor: string): Turn {
    return () => new Promise((resolve) => this.waiting.set(actor, resolve));
  }

  /** Takes the next step of one of those that wait, by the schedule; answers how many there were to choose from. */
  async choose(choice: number): Promise<number> {
    await new Promise((resolve) => setImmediate(resolve));
    const actors = [...this.waiting.keys()].sort();
    const actor = actors[choice % Math.max(1, actors.length)];
    const go = actor === undefined ? undefined : this.waiting.get(actor);
    if (actor !== undefined) this.waiting.delete(actor);
    go?.();
    return actors.length;
  }
}

const AT_ONCE: Turn = () => Promise.resolve();
const [USER, SID] = ['ada', 'S'.repeat(22)];

/** One schedule: `true` for each look-up after the revocation was acknowledged that is let in, and what there was to choose. */
async function run(schedule: readonly number[], forgetful: boolean): Promise<{ letIn: boolean[]; widths: number[] }> {
  const clock = new TestClock();
  const inner = new MemoryStateStore(clock);
  const row = { live: true };
  const now = clock.now();
  const session = { sid: SID, userId: USER, lastSeenAt: now, idleMs: 60_000, expiresAt: now + 60_000 } as LiveSession;
  const scheduler = new Scheduler();
  const cacheOf = (turn: Turn): SessionCache => {
    const store = new TurnStore(inner, turn, forgetful);
    return new SessionCache(store, new RowLoader(row, session, turn), new VersionCleanup(store, clock), clock);
  };
  const letIn: boolean[] = [];
  const look = async (): Promise<void> => void letIn.push((await cacheOf(AT_ONCE).find(USER, SID)) !== undefined);
  const commits = scheduler.turnOf('change');
  const revoke = async (): Promise<void> => {
    const cache = cacheOf(scheduler.turnOf('change'));
    await cache.change([USER], async () => {
      await commits();
      row.live = false;
    });
    await look();
  };
  const wipe = async (): Promise<void> => {
    await scheduler.turnOf('store')();
    await inner.delete(`gh:{${Buffer.from(USER).toString('base64url')}}:v`);
  };
  const all = Promise.all([revoke(), wipe(), cacheOf(scheduler.turnOf('reader')).find(USER, SID)]);
  const widths: number[] = [];
  for (let step = 0; ; step += 1) {
    const width = await scheduler.choose(schedule[step] ?? 0);
    if (width === 0) break;
    widths.push(width);
  }
  await all;
  await look();
  return { letIn, widths };
}

/** Every schedule, depth first: the next one differs from the last in its last step that had another choice. */
async function everySchedule(forgetful: boolean): Promise<{ schedules: number; broken: number }> {
  let schedule: number[] = [];
  let schedules = 0;
  let broken = 0;
  for (;;) {
    const { letIn, widths } = await run(schedule, forgetful);
    schedules += 1;
    if (letIn.includes(true)) broken += 1;
    const taken = widths.map((_, step) => schedule[step] ?? 0);
    let last = widths.length - 1;
    while (last >= 0 && taken[last]! + 1 >= widths[last]!) last -= 1;
    if (last < 0) return { schedules, broken };
    schedule = [...taken.slice(0, last), taken[last]! + 1];
  }
}

describe('the session cache itself, in every order of its steps', () => {
  it('lets nobody in after a revocation was acknowledged, beside a reader and a store that loses the version', async () => {
    const { schedules, broken } = await everySchedule(false);
    expect(broken).toBe(0);
    expect(schedules).toBeGreaterThan(200);
  });

  it('would do so if the store forgot what changes announce', async () => {
    expect((await everySchedule(true)).broken).toBeGreaterThan(0);
  });
});
