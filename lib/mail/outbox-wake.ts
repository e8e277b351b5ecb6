import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Jobs } from '../jobs/jobs.service.js';
import { AuthSettings } from '../options/auth-settings.js';
import { logReason } from './log-reason.js';
import { Outbox } from './outbox.js';

/** Letters that are committed within this go out in one run. */
const COALESCE_MS = 100;

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

  private wake(): void {
    if (this.stopped) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.jobs.run('outbox').catch((error: unknown) => {
        this.logger.warn(`The outbox is tried again later: ${logReason(error)}`);
      });
    }, COALESCE_MS).unref();
  }
}
