import { Inject, Injectable, type Type } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { MINUTE_MS } from '../common/duration.js';
import type { Job, JobRun } from './job.js';
import { RowSweeper } from './row-sweeper.js';
import { REMAINS } from './tokens.js';

/** What a table keeps of things that are over, and for how long. */
export interface Remains {
  readonly entity: Type;
  /** Property by which rows are deleted: no row that comes in the place of an old one has the same value. */
  readonly key: string;
  /** On `r`: that it was over before `:before`. */
  readonly over: string;
  readonly keptMs: number;
}

/** Deletes what has been over for long enough: at most 100,000 rows a run, 500 a statement. */
@Injectable()
export class CleanUpJob implements Job {
  readonly name = 'clean-up';
  readonly everyMs = 10 * MINUTE_MS;
  readonly alone = true;

  constructor(
    @Inject(REMAINS) private readonly remains: readonly Remains[],
    private readonly sweeper: RowSweeper,
    private readonly clock: Clock,
  ) {}

  run({ signal }: JobRun): Promise<number> {
    const now = this.clock.now();
    const tables = this.remains.map(({ over, keptMs, ...rows }) => ({
      ...rows,
      condition: over,
      before: now - keptMs,
    }));
    return this.sweeper.sweep(tables, signal);
  }
}
