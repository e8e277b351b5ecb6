import { beforeEach, describe, expect, it } from 'vitest';
import { RelayStore } from '../../test/sessions/relay-store.js';
import { MINUTE_MS } from '../common/duration.js';
import { MemoryStateStore } from '../store/memory-state-store.js';
import type { AttemptOutcome, LockoutBudget, StateStore } from '../store/state-store.js';
import { TestClock } from '../testing/index.js';
import { Reservations, type Reservation } from './reservations.js';

const ONCE: LockoutBudget = {
  kind: 'lockout',
  limit: 1,
  windowMs: MINUTE_MS,
  lockMs: MINUTE_MS,
  maxLockMs: MINUTE_MS,
  roundsRememberedMs: MINUTE_MS,
};

/** A real store that fails for one key, and tells what was settled. */
class FailingStore extends RelayStore {
  failsFor: string | undefined;
  readonly ended: [string, AttemptOutcome][] = [];

  override attemptBegin(...args: Parameters<StateStore['attemptBegin']>): ReturnType<StateStore['attemptBegin']> {
    return args[0] === this.failsFor ? Promise.reject(new Error('down')) : super.attemptBegin(...args);
  }
  override attemptEnd(...args: Parameters<StateStore['attemptEnd']>): ReturnType<StateStore['attemptEnd']> {
    this.ended.push([args[0], args[2]]);
    return args[0] === this.failsFor ? Promise.reject(new Error('down')) : super.attemptEnd(...args);
  }
}

const of = (key: string, subject: Reservation['subject'] = 'account'): Reservation => ({ subject, key, budget: ONCE });

let store: FailingStore;
let attempt: Reservations;

beforeEach(() => {
  store = new FailingStore(new MemoryStateStore(new TestClock()));
  attempt = new Reservations(store);
});

describe('the reservations of one attempt', () => {
  it('are settled together, once, each by what it came to', async () => {
    await attempt.reserve(of('a'));
    await attempt.reserve(of('b', 'address'));
    expect(await attempt.settle('wrong')).toEqual([
      { subject: 'account', lockedForMs: MINUTE_MS },
      { subject: 'address', lockedForMs: MINUTE_MS },
    ]);
    expect(await attempt.settle('wrong')).toEqual([]);
    expect(store.ended).toEqual([
      ['a', 'wrong'],
      ['b', 'wrong'],
    ]);
  });

  it('are given back when one is refused, which says when to try again', async () => {
    const other = new Reservations(store);
    await other.reserve(of('b'));
    await attempt.reserve(of('a'));
    await expect(attempt.reserve(of('b'))).rejects.toMatchObject({
      code: 'TOO_MANY_ATTEMPTS',
      headers: { 'Retry-After': '1' },
    });
    expect(store.ended).toEqual([['a', 'no-verdict']]);
    expect(await attempt.tryReserve(of('a'))).toBeUndefined();
  });

  it('say why there is none, and keep what they hold', async () => {
    const other = new Reservations(store);
    await other.reserve(of('b'));
    await attempt.reserve(of('a'));
    expect(await attempt.tryReserve(of('b'))).toMatchObject({ reason: 'exhausted', retryAfterMs: 1_000 });
    await other.settle('wrong');
    expect(await attempt.tryReserve(of('b'))).toMatchObject({ reason: 'locked', retryAfterMs: MINUTE_MS });
    expect(await attempt.settle('right')).toEqual([{ subject: 'account', lockedForMs: 0 }]);
  });

  it('are given back when the store fails', async () => {
    await attempt.reserve(of('a'));
    store.failsFor = 'b';
    await expect(attempt.reserve(of('b'))).rejects.toThrow('down');
    expect(store.ended).toEqual([['a', 'no-verdict']]);
  });

  it('are reported when they cannot be settled, but for want of a verdict', async () => {
    await attempt.reserve(of('a'));
    await attempt.reserve(of('b'));
    store.failsFor = 'a';
    await expect(attempt.settle('wrong')).rejects.toThrow('down');
    expect(store.ended.map(([key]) => key)).toEqual(['a', 'b']);
    store.failsFor = undefined;
    const next = new Reservations(store);
    await next.reserve(of('c'));
    await next.reserve(of('d', 'device'));
    store.failsFor = 'c';
    expect(await next.settle('no-verdict')).toEqual([
      { subject: 'account', lockedForMs: 0 },
      { subject: 'device', lockedForMs: 0 },
    ]);
  });
});
