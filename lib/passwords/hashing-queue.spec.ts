import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { setImmediate as tick } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import { describe, expect, it } from 'vitest';
import { AuthMetrics } from '../events/auth-metrics.js';
import { Metrics } from '../events/metrics.service.js';
import type { AuthSettings } from '../options/auth-settings.js';
import { HashingAborted } from './hashing-aborted.js';
import { HashingQueue } from './hashing-queue.js';

const queueOf = (concurrency: number, queue: number) =>
  new HashingQueue({ passwords: { concurrency, queue } } as AuthSettings, new Metrics(new AuthMetrics()));

/** Jobs that end when told to. */
function jobs() {
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const job = (id: number) => () =>
    new Promise<number>((resolve) => {
      started.push(id);
      finish[id] = () => resolve(id);
    });
  return { started, finish, job };
}

/** What a job is refused with before anything else happens. */
const atOnce = (run: Promise<unknown>): Promise<unknown> =>
  Promise.race([run.catch((error: unknown) => error), tick('it waits')]);

describe('HashingQueue', () => {
  it('runs as many as allowed, the rest in order, and hands on results', async () => {
    const queue = queueOf(2, 10);
    const { started, finish, job } = jobs();
    const all = [0, 1, 2, 3].map((id) => queue.run(job(id)));
    await tick();
    expect(started).toEqual([0, 1]);
    expect(queue.isEmpty).toBe(false);
    finish[1]?.();
    await tick();
    expect(started).toEqual([0, 1, 2]);
    finish[0]?.();
    await tick();
    expect(started).toEqual([0, 1, 2, 3]);
    expect(queue.isEmpty).toBe(true);
    finish[2]?.();
    finish[3]?.();
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
  });

  it('answers BUSY at once when too many wait, and admits again afterwards', async () => {
    const queue = queueOf(1, 2);
    const { finish, job } = jobs();
    const admitted = [0, 1, 2].map((id) => queue.run(job(id)));
    expect(await atOnce(queue.run(job(3)))).toMatchObject({ code: 'BUSY', headers: { 'Retry-After': '1' } });
    finish[0]?.();
    await tick();
    admitted.push(queue.run(job(3)));
    expect(await atOnce(queue.run(job(4)))).toMatchObject({ code: 'BUSY' });
    for (const id of [1, 2, 3]) {
      finish[id]?.();
      await tick();
    }
    expect(await Promise.all(admitted)).toEqual([0, 1, 2, 3]);
  });

  it('gives the place back when a job fails', async () => {
    const queue = queueOf(1, 2);
    const failing = () => Promise.reject(new Error('broken'));
    const throwing = () => {
      throw new Error('broken at once');
    };
    const outcomes = await Promise.allSettled([queue.run(failing), queue.run(throwing), queue.run(async () => 'fine')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    expect(await queue.run(async () => 'still fine')).toBe('still fine');
  });

  it('drops a waiting job whose client has gone, and frees its place in the line', async () => {
    const queue = queueOf(1, 2);
    const { started, finish, job } = jobs();
    const gone = new AbortController();
    const first = queue.run(job(0));
    const dropped = queue.run(job(1), { signal: gone.signal });
    const kept = queue.run(job(2), { signal: new AbortController().signal });
    gone.abort();
    await expect(dropped).rejects.toBeInstanceOf(HashingAborted);
    const late = queue.run(job(3));
    finish[0]?.();
    await tick();
    finish[2]?.();
    await tick();
    finish[3]?.();
    expect(await Promise.all([first, kept, late])).toEqual([0, 2, 3]);
    expect(started).toEqual([0, 2, 3]);
  });

  it('runs nothing for a client that has gone already, not even with a free place', async () => {
    const { started, job } = jobs();
    await expect(queueOf(1, 1).run(job(0), { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(HashingAborted);
    expect(started).toEqual([]);
  });

  it('finishes a running job whose client goes away, and lets go of the signal', async () => {
    const queue = queueOf(1, 1);
    const { finish, job } = jobs();
    const gone = new AbortController();
    const first = queue.run(job(0));
    const second = queue.run(job(1), { signal: gone.signal });
    finish[0]?.();
    await first;
    await tick();
    gone.abort();
    finish[1]?.();
    expect(await second).toBe(1);
    expect(await queue.run(async () => 'free')).toBe('free');
  });

  it('never runs more than allowed under load', async () => {
    const queue = queueOf(3, 1_000);
    let running = 0;
    let most = 0;
    const job = async () => {
      most = Math.max(most, ++running);
      await tick();
      running--;
    };
    await Promise.all(Array.from({ length: 500 }, () => queue.run(job)));
    expect(most).toBe(3);
    expect(queue.isEmpty).toBe(true);
  });

  it('leaves a thread for files and names while it is full', async () => {
    const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
    const queue = queueOf(threads - 1, 64);
    let hashed = 0;
    const hashes = Array.from({ length: 4 * threads }, () =>
      queue.run(async () => {
        await bcrypt.hash('x', 9);
        hashed++;
      }),
    );
    await tick();
    await Promise.all([readFile(import.meta.filename), lookup('localhost')]);
    // On a pool full of hashes the file would wait for nearly all of them.
    expect(hashed).toBeLessThan(2 * threads);
    await Promise.all(hashes);
  });
});
