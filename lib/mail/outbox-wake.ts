import { randomInt } from 'node:crypto';
import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Jobs } from '../jobs/jobs.service.js';
import { AuthSettings } from '../options/auth-settings.js';
import { logReason } from './log-reason.js';
import { Outbox } from './outbox.js';

/** Letters that are committed within this go out in one run. */
const COALESCE_MS = 100;
/**
 * Work on a mail slows down other requests of the process. Nobody shall know when it begins, or how long they take would tell
 * whether there was a mail to make.
 */
const JITTER_MS = 500;

/** Delivers soon after a commit instead of at the next turn of the job. With `jobs: 'manual'` nothing runs by itself. */
@Injectable()
export class OutboxWake implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Gatehouse');
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly outbox: Outbox,
    private readonly jobs: Jobs,
    private readonly settings: AuthSettings,
  ) {}

  onApplicationBootstrap(): void {
    if (this.settings.jobs === 'manual') return;
    this.outbox.onAdded(() => this.wake());
  }

  beforeApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private delayMs(): number {
    return this.settings.environment === 'test' ? COALESCE_MS : COALESCE_MS + randomInt(JITTER_MS);
  }

  private wake(): void {
    if (this.stopped) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.jobs.run('outbox').catch((error: unknown) => {
        this.logger.warn(`The outbox is tried again later: ${logReason(error)}`);
      });
    }, this.delayMs()).unref();
  }
}
