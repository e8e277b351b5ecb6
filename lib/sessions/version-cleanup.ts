import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { MINUTE_MS, SECOND_MS } from '../common/duration.js';
import { Clock } from '../common/clock.js';
import { StateStore } from '../store/state-store.js';

const RETRY_EVERY_MS = SECOND_MS / 2;
/** A version lives 10 min, so nothing is left to delete after that. */
const GIVE_UP_AFTER_MS = 11 * MINUTE_MS;

/** Deletes versions after a commit, and keeps trying in the background while the store is down. */
@Injectable()
export class VersionCleanup implements BeforeApplicationShutdown {
  private readonly pending = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: StateStore,
    private readonly clock: Clock,
  ) {}

  async delete(key: string): Promise<void> {
    try {
      await this.store.delete(key);
    } catch {
      this.pending.set(key, this.clock.now() + GIVE_UP_AFTER_MS);
      this.timer ??= setInterval(() => void this.retry(), RETRY_EVERY_MS).unref();
    }
  }

  beforeApplicationShutdown(): void {
    this.stop();
  }

  private async retry(): Promise<void> {
    for (const [key, giveUpAt] of this.pending) {
      const done = await this.store.delete(key).then(
        () => true,
        () => false,
      );
      if (done || this.clock.now() > giveUpAt) this.pending.delete(key);
      if (!done) return;
    }
    if (this.pending.size === 0) this.stop();
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
