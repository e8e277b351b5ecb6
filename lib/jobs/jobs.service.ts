import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { MINUTE_MS, SECOND_MS } from '../common/duration.js';
import { AuthSettings } from '../options/auth-settings.js';
import type { Job } from './job.js';
import { JobClaims } from './job-claims.js';
import { JOBS } from './tokens.js';

/** A start is busy enough: the first run comes after half of this, or of the job's own time, at the earliest. */
const FIRST_RUN_MS = 2 * MINUTE_MS;
const COMPLAINT_EVERY_MS = MINUTE_MS;
const STOP_WITHIN_MS = 10 * SECOND_MS;

/**
 * Runs the jobs: by timers of this process, or, with `jobs: 'manual'`, only when called. A run that fails is logged and tried
 * again at the next turn; one that is still going is joined, never started twice.
 *
 * @example
 * await jobs.run('audit-retention');
 */
@Injectable()
export class Jobs implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Gatehouse');
  private readonly stopping = new AbortController();
  private readonly running = new Map<string, Promise<number>>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private complainedAt = Number.NEGATIVE_INFINITY;

  constructor(
    @Inject(JOBS) private readonly jobs: readonly Job[],
    private readonly claims: JobClaims,
    private readonly settings: AuthSettings,
    private readonly clock: Clock,
  ) {}

  /** Names of all jobs. */
  get names(): readonly string[] {
    return this.jobs.map(({ name }) => name);
  }

  onApplicationBootstrap(): void {
    if (this.settings.jobs === 'manual') return;
    for (const job of this.jobs) this.timers.set(job.name, setTimeout(() => this.start(job), firstDelay(job)).unref());
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.timers.forEach((timer) => clearTimeout(timer));
    this.stopping.abort();
    const given = new AbortController();
    const late = delay(STOP_WITHIN_MS, true, { signal: given.signal }).catch(() => false);
    const ended = Promise.allSettled(this.running.values()).then(() => false);
    if (await Promise.race([ended, late]))
      this.logger.warn(`Not waited for any longer: ${[...this.running.keys()].join(', ')}`);
    given.abort();
  }

  /**
   * Runs a job once, for a scheduler of the application. Returns how many things it did, 0 also while another instance is at
   * it; throws what stopped it. A signal ends the run after the step at hand.
   */
  run(name: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    const job = this.jobs.find((each) => each.name === name);
    if (job === undefined) throw new Error(`There is no job "${name}". There are: ${this.names.join(', ')}.`);
    return this.begin(job, 0, signal);
  }

  private start(job: Job): void {
    this.timers.set(job.name, setInterval(() => void this.tick(job), job.everyMs).unref());
    void this.tick(job);
  }

  /** Timers of several instances are never exactly one period apart. */
  private async tick(job: Job): Promise<void> {
    try {
      await this.begin(job, job.everyMs / 2);
    } catch (error) {
      this.complain(job, error);
    }
  }

  private begin(job: Job, restMs: number, signal?: AbortSignal): Promise<number> {
    const current = this.running.get(job.name);
    if (current !== undefined || this.stopping.signal.aborted) return current ?? Promise.resolve(0);
    const run = this.carryOut(job, restMs, signal).finally(() => this.running.delete(job.name));
    this.running.set(job.name, run);
    return run;
  }

  private async carryOut(job: Job, restMs: number, asked?: AbortSignal): Promise<number> {
    const stopping = this.stopping.signal;
    const signal = asked === undefined ? stopping : AbortSignal.any([stopping, asked]);
    if (job.alone !== true) return job.run({ signal });
    const claim = await this.claims.claim(job.name, restMs);
    if (claim === undefined) return 0;
    try {
      const done = await job.run({ signal });
      await this.claims.release(claim, done);
      return done;
    } catch (error) {
      // What cannot be released lapses.
      await this.claims.release(claim).catch(() => undefined);
      throw error;
    }
  }

  /** A database that is gone stops every job at every turn: that is one line a minute, whatever their number. */
  private complain({ name }: Job, error: unknown): void {
    const now = this.clock.now();
    if (now - this.complainedAt < COMPLAINT_EVERY_MS) return;
    this.complainedAt = now;
    const message = error instanceof Error ? error.message : 'it threw something that is no Error';
    this.logger.warn(`The job "${name}" failed and is tried again later: ${message.replace(/\p{C}/gu, ' ')}`);
  }
}

/** Not all instances of a deployment at once. */
function firstDelay({ everyMs }: Job): number {
  const mostMs = Math.min(everyMs, FIRST_RUN_MS);
  return Math.ceil(mostMs / 2) + randomInt(Math.ceil(mostMs / 2));
}
