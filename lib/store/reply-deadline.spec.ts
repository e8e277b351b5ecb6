import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ReplyDeadline } from './reply-deadline.js';

const MS = 300;

describe('one deadline for the answers of a connection', () => {
  const late: string[] = [];
  let deadline: ReplyDeadline;
  const begin = (name: string) => deadline.begin(() => late.push(name));

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
    late.length = 0;
    deadline = new ReplyDeadline(MS);
  });
  afterEach(() => vi.useRealTimers());

  it('expires each answer in its time, once, in order, and none that has come', async () => {
    begin('a');
    const answered = begin('b');
    await vi.advanceTimersByTimeAsync(100);
    begin('c');
    deadline.settle(answered);
    await vi.advanceTimersByTimeAsync(MS - 101);
    expect(late).toEqual([]);
    await vi.advanceTimersByTimeAsync(3);
    expect(late).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(100);
    expect(late).toEqual(['a', 'c']);
    await vi.advanceTimersByTimeAsync(10 * MS);
    expect(late).toEqual(['a', 'c']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is as long for what was asked for before, when something is asked for as another one expires', async () => {
    deadline.begin(() => void begin('c'));
    await vi.advanceTimersByTimeAsync(100);
    begin('b');
    await vi.advanceTimersByTimeAsync(MS + 2);
    expect(late).toEqual(['b']);
    await vi.advanceTimersByTimeAsync(MS);
    expect(late).toEqual(['b', 'c']);
  });

  it('reads what already lies in the socket before an answer counts as late', async () => {
    const reply = begin('a');
    vi.advanceTimersToNextTimer();
    // Its time is over, and the event loop comes by once more.
    deadline.settle(reply);
    await vi.advanceTimersByTimeAsync(MS);
    expect(late).toEqual([]);
  });

  it('is none for what is asked for after all have come', async () => {
    deadline.settle(begin('a'));
    await vi.advanceTimersByTimeAsync(MS - 10);
    begin('b');
    await vi.advanceTimersByTimeAsync(MS - 10);
    expect(late).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(late).toEqual(['b']);
  });

  it('keeps no process once it has ended, and still refuses what is waited for then', async () => {
    deadline.settle(begin('a'));
    deadline.end();
    expect(vi.getTimerCount()).toBe(0);
    begin('b');
    deadline.end();
    await vi.advanceTimersByTimeAsync(MS + 2);
    expect(late).toEqual(['b']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
