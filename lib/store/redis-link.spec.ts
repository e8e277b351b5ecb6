import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RedisClient } from './redis-client.js';
import { RedisLink } from './redis-link.js';

const DEADLINE_MS = 300;
const STUCK_MS = 2_000;

/** A driver that is ready when the test says so; what is asked of it answers when the test says so. */
class Driver extends EventEmitter {
  isReady = true;
}

const told: string[] = [];
let driver: Driver;
let link: RedisLink;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
  told.length = 0;
  driver = new Driver();
  link = new RedisLink(driver as unknown as RedisClient, DEADLINE_MS, {
    ready: () => void told.push('ready'),
    failed: (reason) => void told.push(`failed ${reason}`),
    caughtUp: () => void told.push('caught up'),
    stuck: () => void told.push('stuck'),
    readOnly: () => void told.push('read-only'),
  });
});
afterEach(() => vi.useRealTimers());

interface Asked {
  readonly outcome: Promise<unknown>;
  answer(reply: unknown): Promise<void>;
  fail(error: Error): Promise<void>;
}

function ask(late?: (reply: unknown) => void): Asked {
  let resolve!: (reply: unknown) => void;
  let reject!: (error: Error) => void;
  const work = new Promise((...settle) => ([resolve, reject] = settle));
  // Only looked at, so that a refusal is seen where the test looks for it.
  const outcome = link
    .run(() => work, late)
    .then(
      (reply) => reply,
      (error: { code: string; cause: Error & { code?: string } }) => [
        error.code,
        error.cause.code ?? error.cause.message,
      ],
    );
  const settled = () => vi.advanceTimersByTimeAsync(0);
  return {
    outcome,
    answer: (reply) => (resolve(reply), settled().then(() => undefined)),
    fail: (error) => (reject(error), settled().then(() => undefined)),
  };
}

const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const refused = (code: string) => ['STORE_UNAVAILABLE', code];

describe('a link to Redis', () => {
  it('answers what is answered in time, and waits for nothing more', async () => {
    const asked = ask();
    await wait(DEADLINE_MS - 1);
    await asked.answer('reply');
    expect(await asked.outcome).toBe('reply');
    await wait(10 * STUCK_MS);
    expect(told).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('passes on what Redis refuses, and goes on', async () => {
    const asked = ask();
    await asked.fail(new Error('WRONGTYPE of a key'));
    expect(await asked.outcome).toEqual(refused('WRONGTYPE of a key'));
    expect(link.usable).toBe(true);
    await wait(10 * STUCK_MS);
    expect(told).toEqual([]);
  });

  it('refuses at once while it is not connected', async () => {
    driver.isReady = false;
    expect(link.usable).toBe(false);
    expect(await ask().outcome).toEqual(refused('NOT_CONNECTED'));
  });

  it('refuses what is overdue and all behind it, until every late answer has come', async () => {
    const [first, second] = [ask(), ask()];
    await wait(DEADLINE_MS + 2);
    expect(await first.outcome).toEqual(refused('NO_ANSWER'));
    expect(await second.outcome).toEqual(refused('NO_ANSWER'));
    expect(told).toEqual(['failed NO_ANSWER', 'failed NO_ANSWER']);
    expect(link.usable).toBe(false);
    expect(await ask().outcome).toEqual(refused('NO_ANSWER'));
    await first.answer('late');
    expect(link.usable).toBe(false);
    expect(told).toHaveLength(2);
    await second.fail(new Error('ERR late'));
    expect(link.usable).toBe(true);
    expect(told.slice(2)).toEqual(['caught up']);
    await wait(10 * STUCK_MS);
    expect(told).toHaveLength(3);
    const again = ask();
    await again.answer('reply');
    expect(await again.outcome).toBe('reply');
  });

  it('hands over a late answer once commands are taken again, and no answer in time', async () => {
    const late: unknown[] = [];
    const note = (reply: unknown): void => void late.push([reply, link.usable]);
    const [first, second] = [ask(note), ask(note)];
    await wait(DEADLINE_MS + 2);
    await first.answer('one');
    expect(late).toEqual([]);
    await second.answer('two');
    expect(late).toEqual([
      ['one', true],
      ['two', true],
    ]);
    const third = ask(note);
    await third.answer('three');
    const fourth = ask();
    await wait(DEADLINE_MS + 2);
    await fourth.answer('nobody waits for it');
    expect(late).toHaveLength(2);
  });

  it('says nothing of having caught up while it is not connected', async () => {
    const asked = ask();
    await wait(DEADLINE_MS + 2);
    driver.isReady = false;
    await asked.answer('late');
    expect(told).toEqual(['failed NO_ANSWER']);
  });

  it('is stuck when nothing has come for two seconds', async () => {
    ask();
    await wait(DEADLINE_MS + 2);
    await wait(STUCK_MS - 10);
    expect(told).toEqual(['failed NO_ANSWER']);
    await wait(10);
    expect(told).toEqual(['failed NO_ANSWER', 'stuck']);
  });

  it.each<[string, () => void]>([
    ['becomes ready', () => driver.emit('ready')],
    ['reports an error', () => driver.emit('error', Object.assign(new Error('gone'), { code: 'ECONNRESET' }))],
  ])('that is connected and never answers the handshake is stuck, unless it %s', async (_, happens) => {
    driver.isReady = false;
    driver.emit('connect');
    await wait(STUCK_MS);
    expect(told.splice(0)).toEqual(['stuck']);
    driver.emit('connect');
    await wait(STUCK_MS - 1);
    happens();
    await wait(10 * STUCK_MS);
    expect(told).toEqual([expect.stringMatching(/^(ready|failed ECONNRESET)$/)]);
  });

  it('that was read-only two seconds ago says so, once for all', async () => {
    await ask().fail(new Error("READONLY You can't write against a read only replica."));
    await wait(STUCK_MS / 2);
    await ask().fail(new Error("READONLY You can't write against a read only replica."));
    expect(told).toEqual([]);
    await wait(STUCK_MS / 2);
    expect(told).toEqual(['read-only']);
    await wait(STUCK_MS);
    expect(told).toEqual(['read-only']);
  });

  it('that is retired takes nothing, tells nothing and keeps no process', async () => {
    const late: unknown[] = [];
    const asked = ask((reply) => late.push(reply));
    link.retire();
    expect(link.usable).toBe(false);
    expect(await ask().outcome).toEqual(refused('NOT_CONNECTED'));
    driver.emit('connect');
    driver.emit('ready');
    driver.emit('error', new Error('gone'));
    await wait(DEADLINE_MS + 2);
    expect(await asked.outcome).toEqual(refused('NO_ANSWER'));
    await asked.answer('late');
    await wait(10 * STUCK_MS);
    expect(told).toEqual([]);
    expect(late).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that is retired with its watchdog running is watched no more', async () => {
    driver.emit('connect');
    link.retire();
    await wait(10 * STUCK_MS);
    expect(told).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
