import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { SECOND_MS } from '../common/duration.js';
import type { Job, JobRun } from '../jobs/job.js';
import { MailDelivery } from './mail-delivery.service.js';
import { OutboxQueue } from './outbox-queue.js';

const BATCH = 50;
const AT_ONCE = 4;
/** What comes while a run is under way belongs to it, within reason. */
const MOST_BATCHES = 20;
/** After trouble with the transport: a server that is down is not asked again for every mail that comes. */
const PAUSE_MS = 5 * SECOND_MS;

/** Delivers what is due. */
@Injectable()
export class OutboxJob implements Job {
  readonly name = 'outbox';
  readonly everyMs = 5 * SECOND_MS;
  private pausedUntil = 0;

  constructor(
    private readonly queue: OutboxQueue,
    private readonly delivery: MailDelivery,
    private readonly clock: Clock,
  ) {}

  /** Returns how many letters it is done with. Once sending does not work, the rest of them waits. */
  async run({ signal }: JobRun): Promise<number> {
    let done = 0;
    for (let batch = 0; batch < MOST_BATCHES && !signal.aborted && !this.isPaused(); batch += 1) {
      const ids = turned(await this.queue.due(BATCH));
      if (ids.length === 0) break;
      done += await this.deliverBatch(ids, signal);
    }
    return done;
  }

  private async deliverBatch(ids: readonly string[], signal: AbortSignal): Promise<number> {
    // After a pause one mail goes ahead, to see.
    const first = this.pausedUntil > 0 ? ids.slice(0, 1) : [];
    return (await this.deliver(first, signal)) + (await this.deliver(ids.slice(first.length), signal));
  }

  private async deliver(ids: readonly string[], signal: AbortSignal): Promise<number> {
    const waiting = [...ids];
    let done = 0;
    const work = async (): Promise<void> => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        if (signal.aborted || this.isPaused()) return;
        const result = await this.delivery.deliver(id);
        if (result === 'trouble') this.pausedUntil = this.clock.now() + PAUSE_MS;
        if (result === 'done') done += 1;
      }
    };
    // One whose database fails must not leave the others running unseen.
    const workers = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
    const failed = workers.find((worker) => worker.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    if (done > 0 && !this.isPaused()) this.pausedUntil = 0;
    return done;
  }

  private isPaused(): boolean {
    return this.clock.now() < this.pausedUntil;
  }
}

/** Begins anywhere in the list, so that instances do not walk it side by side and contend for every letter. */
function turned(ids: readonly string[]): readonly string[] {
  const start = ids.length < 2 ? 0 : randomInt(ids.length);
  return [...ids.slice(start), ...ids.slice(0, start)];
}
