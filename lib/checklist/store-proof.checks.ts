import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { randomToken } from '../common/random.js';
import { StateStore } from '../store/state-store.js';
import { UnreachableStateStore } from '../store/unreachable-state-store.js';
import { CheckSource, passed, type Check, type CheckOutcome, type CheckWork } from './check.js';

/** Every key ends by itself, whatever becomes of the check. */
const KEY_TTL_MS = 10_000;
const SHORT_TTL_MS = 10;
/** Timers and clocks are not exact: it is looked for again before a store is blamed, and no start waits for longer. */
const LOOKS_AFTER_MS = [15, 15, 30, 90];
/** A failover, or a process that is busy starting, is no store that is missing: it is asked again before a start is refused. */
const ASKS_AFTER_MS = [0, 500, 1_500];
const TAKERS = 50;

/** Proves by doing that the store keeps what it promises. Writes keys under `gh:doctor:` alone. */
@Injectable()
export class StoreProofChecks extends CheckSource {
  constructor(private readonly store: StateStore) {
    super();
  }

  override checks(): readonly Check[] {
    const check = (id: string, title: string, work: CheckWork, run: () => Promise<CheckOutcome>): Check => ({
      id,
      title,
      area: 'store',
      severity: 'refuse',
      source: 'ASVS 5.0 V6.3.1, V15.4.2',
      work,
      run,
    });
    return [
      check('store.reachable', 'The state store answers', 'asks', () => this.reachable()),
      check('store.atomic', 'A value is taken once, however many take it', 'acts', () => this.atomic()),
      check('store.expiry', 'What is stored for a time ends with it', 'acts', () => this.expiry()),
    ];
  }

  private async reachable(): Promise<CheckOutcome> {
    if (await this.answers()) return passed;
    return {
      status: 'finding',
      evidence: { answered: false },
      change: unreachable(this.store),
    };
  }

  private async answers(): Promise<boolean> {
    if (this.store instanceof UnreachableStateStore) return false;
    for (const waitMs of ASKS_AFTER_MS) {
      await delay(waitMs);
      const answered = await this.store.ping().then(
        () => true,
        () => false,
      );
      if (answered) return true;
    }
    return false;
  }

  /** Refresh tokens, challenges and used codes rest on it. */
  private async atomic(): Promise<CheckOutcome> {
    const [value, mark] = [keyOf('take'), keyOf('mark')];
    await this.store.set(value, 'v', KEY_TTL_MS);
    const taken = await race(
      () => this.store.take(value),
      (found) => found !== null,
    );
    const marked = await race(
      () => this.store.setIfAbsent(mark, 'v', KEY_TTL_MS),
      (stored) => stored,
    );
    await this.store.delete(mark);
    const evidence = { takers: TAKERS, taken, marked };
    if (taken === 1 && marked === 1) return { status: 'passed', evidence };
    // A store that fails over loses a value: nobody having it is no proof that two can.
    if (taken <= 1 && marked <= 1)
      return { status: 'unchecked', reason: 'the store lost a value meanwhile; ask again' };
    return {
      status: 'finding',
      evidence,
      change:
        'Make take() and setIfAbsent() of your StateStore one atomic operation, and prove it with stateStoreContract of nestjs-gatehouse/testing.',
    };
  }

  /** Locks that never end keep owners out; challenges that never end can be used for ever. */
  private async expiry(): Promise<CheckOutcome> {
    const [short, long] = [keyOf('short'), keyOf('long')];
    await this.store.set(long, 'v', KEY_TTL_MS);
    await this.store.set(short, 'v', SHORT_TTL_MS);
    const ended = await this.hasEnded(short);
    const kept = (await this.store.take(long)) !== null;
    if (ended && kept) return passed;
    if (ended) return { status: 'unchecked', reason: 'the store lost a value meanwhile; ask again' };
    return {
      status: 'finding',
      evidence: { ended, kept },
      change: 'Make set() of your StateStore end a value when ttlMs has passed, and not before.',
    };
  }

  private async hasEnded(key: string): Promise<boolean> {
    for (const waitMs of LOOKS_AFTER_MS) {
      await delay(waitMs);
      if ((await this.store.get(key)) === null) return true;
    }
    return false;
  }
}

function keyOf(purpose: string): string {
  return `gh:doctor:${randomToken(16)}:${purpose}`;
}

async function race<T>(attempt: () => Promise<T>, wins: (result: T) => boolean): Promise<number> {
  const results = await Promise.all(Array.from({ length: TAKERS }, attempt));
  return results.filter(wins).length;
}

function unreachable(store: StateStore): string {
  const known = store instanceof UnreachableStateStore ? store.problems[0] : undefined;
  return known ?? 'Start Redis, or correct redis.url: nobody signs in without it.';
}
