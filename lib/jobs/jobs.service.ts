import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { AuthSettings } from '../options/auth-settings.js';
import type { Job } from './job.js';
import { JOBS } from './tokens.js';

/**
 * Runs the jobs: by timers of this process, or, with `jobs: 'manual'`, only when called. A run that fails is logged and tried
 * again at the next turn; one that is still going is joined, never started twice.
 */
@Injectable()
export class Jobs implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Gatehouse');
  private readonly stopping = new AbortController();
  private readonly running = new Map<string, Promise<number>>();
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    @Inject(JOBS) private readonly jobs: readonly Job[],
    private readonly settings: AuthSettings,
  ) {}

  /** Names of all jobs. */
  get names(): readonly string[] {
    return this.jobs.map(({ name }) => name);
  }

  onApplicationBootstrap(): void {
    if (this.settings.jobs === 'manual') return;
    for (const job of this.jobs) {
      this.timers.push(setInterval(() => void this.tick(job), job.everyMs).unref());
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.timers.forEach(clearInterval);
    this.stopping.abort();
    await Promise.allSettled(this.running.values());
  }

  /** Runs a job once, for a scheduler of the application. Returns how many things it did; throws what stopped it. */
  run(name: string): Promise<number> {
    const job = this.jobs.find((each) => each.name === name);
    if (job === undefined) throw new Error(`There is no job "${name}". There are: ${this.names.join(', ')}.`);
    return this.begin(job);
  }

  private async tick(job: Job): Promise<void> {
    try {
      await this.begin(job);
    } catch (error) {
      this.logger.warn(`The job "${job.name}" failed and is tried again later: ${(error as Error).message}`);
    }
  }

  private begin(job: Job): Promise<number> {
    const current = this.running.get(job.name);
    if (current !== undefined || this.stopping.signal.aborted) return current ?? Promise.resolve(0);
    const run = job.run({ signal: this.stopping.signal }).finally(() => this.running.delete(job.name));
    this.running.set(job.name, run);
    return run;
  }
}
