import { Injectable } from '@nestjs/common';
import { AuthError } from '../errors/auth-error.js';
import { Metrics } from '../events/metrics.service.js';
import { AuthSettings } from '../options/auth-settings.js';
import { HashingAborted } from './hashing-aborted.js';

const RETRY_AFTER_MS = 1_000;

export interface HashingOptions {
  /** Ends when the client goes away: a job that still waits is then dropped. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Admits password hashes to the libuv thread pool: `passwords.concurrency` run, `passwords.queue` wait in order, and
 * more are refused at once. File access, DNS and WebCrypto share that pool, so one thread stays free for them.
 */
@Injectable()
export class HashingQueue {
  private readonly concurrency: number;
  private readonly capacity: number;
  /** Starts of waiting jobs, oldest first. */
  private readonly waiting = new Set<() => void>();
  private running = 0;

  constructor(
    settings: AuthSettings,
    private readonly metrics: Metrics,
  ) {
    this.concurrency = settings.passwords.concurrency;
    this.capacity = settings.passwords.queue;
  }

  /** Whether no job waits. A re-hash, which nobody asked for, is only done then. */
  get isEmpty(): boolean {
    return this.waiting.size === 0;
  }

  /**
   * Runs the job as soon as a place is free. Rejects with `BUSY` when too many wait, and with {@link HashingAborted}
   * when the signal ended before the job began.
   */
  async run<T>(job: () => Promise<T>, { signal }: HashingOptions = {}): Promise<T> {
    if (signal?.aborted) throw new HashingAborted();
    if (this.running < this.concurrency) this.running++;
    else await this.turn(signal);
    try {
      return await this.metrics.timed('auth_password_hash', {}, job);
    } finally {
      this.next();
    }
  }

  private turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.waiting.size >= this.capacity) throw new AuthError('BUSY', { retryAfterMs: RETRY_AFTER_MS });
    return new Promise((resolve, reject) => {
      const start = () => {
        signal?.removeEventListener('abort', drop);
        resolve();
      };
      const drop = () => {
        this.waiting.delete(start);
        reject(new HashingAborted());
      };
      signal?.addEventListener('abort', drop, { once: true });
      this.waiting.add(start);
    });
  }

  /** Hands the place of a finished job to the oldest waiting one, so that no newcomer takes it in between. */
  private next(): void {
    const [start] = this.waiting;
    if (start === undefined) {
      this.running--;
      return;
    }
    this.waiting.delete(start);
    start();
  }
}
