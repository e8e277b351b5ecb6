import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RelayStore } from '../../test/sessions/relay-store.js';
import { MINUTE_MS } from '../common/duration.js';
import { MemoryStateStore } from '../store/memory-state-store.js';
import { TestClock } from '../testing/index.js';
import { VersionCleanup } from './version-cleanup.js';

/** A real store that can be down, and counts what it was asked to delete. */
class FailingStore extends RelayStore {
  down = true;
  readonly asked: string[] = [];

  override async delete(key: string): Promise<void> {
    this.asked.push(key);
    if (this.down) throw new Error('down');
    return super.delete(key);
  }
}

let clock: TestClock;
let store: FailingStore;
let cleanup: VersionCleanup;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  clock = new TestClock();
  store = new FailingStore(new MemoryStateStore(clock));
  cleanup = new VersionCleanup(store, clock);
});
afterEach(() => {
  cleanup.beforeApplicationShutdown();
  vi.useRealTimers();
});

describe('versions that are to be deleted', () => {
  it('are deleted at once, with nothing left to do', async () => {
    store.down = false;
    await store.set('a', 'changing', MINUTE_MS);
    await cleanup.delete('a');
    expect(await store.get('a')).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are tried again every half second until the store is back, one while it is not', async () => {
    await store.set('a', 'changing', MINUTE_MS);
    await cleanup.delete('a');
    await cleanup.delete('b');
    expect(vi.getTimerCount()).toBe(1);
    store.asked.length = 0;
    await vi.advanceTimersByTimeAsync(499);
    expect(store.asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(store.asked).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(500);
    expect(store.asked).toEqual(['a', 'a']);
    store.down = false;
    await vi.advanceTimersByTimeAsync(500);
    expect(store.asked).toEqual(['a', 'a', 'a', 'b']);
    expect(await store.get('a')).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are begun anew after that', async () => {
    await cleanup.delete('a');
    store.down = false;
    await vi.advanceTimersByTimeAsync(500);
    store.down = true;
    await cleanup.delete('b');
    expect(vi.getTimerCount()).toBe(1);
    store.down = false;
    await vi.advanceTimersByTimeAsync(500);
    expect(store.asked).toEqual(['a', 'a', 'b', 'b']);
  });

  it('are given up once they have lapsed by themselves', async () => {
    await cleanup.delete('a');
    clock.advance(11 * MINUTE_MS);
    await vi.advanceTimersByTimeAsync(500);
    await cleanup.delete('b');
    clock.advance(1);
    await vi.advanceTimersByTimeAsync(500);
    store.asked.length = 0;
    await vi.advanceTimersByTimeAsync(500);
    expect(store.asked).toEqual(['b']);
  });

  it('are left at the end, and keep no process alive until then', async () => {
    vi.useRealTimers();
    const timers = vi.spyOn(globalThis, 'setInterval');
    const stopped = vi.spyOn(globalThis, 'clearInterval');
    await cleanup.delete('a');
    const timer = timers.mock.results[0]!.value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(false);
    cleanup.beforeApplicationShutdown();
    expect(stopped).toHaveBeenCalledExactlyOnceWith(timer);
    timers.mockRestore();
    stopped.mockRestore();
  });
});
