import { Injectable, type Type } from '@nestjs/common';
import { In } from 'typeorm';
import { MINUTE_MS } from '../common/duration.js';
import { Database } from '../database/database.js';

/** Rows of one table that are of no more use. */
export interface SweptRows {
  readonly entity: Type;
  /** Property by which they are deleted: no row that comes in the place of an old one has the same value. */
  readonly key: string;
  /** On `r`; `:before` is a moment. */
  readonly condition: string;
  /** Epoch ms. */
  readonly before: number;
}

export const ROWS_A_STATEMENT = 500;
export const STATEMENTS_A_RUN = 200;
/** Well within the claim of a job: a slow database ends a run earlier. */
const RUN_MS = 2 * MINUTE_MS;

/** Deletes what is over, a bounded number of rows at a time: no statement holds locks for long, on no database. */
@Injectable()
export class RowSweeper {
  constructor(private readonly database: Database) {}

  /** In turns, so that one table that is full does not keep the others waiting. Returns how many rows are gone. */
  async sweep(tables: readonly SweptRows[], signal: AbortSignal): Promise<number> {
    const stop = AbortSignal.any([signal, AbortSignal.timeout(RUN_MS)]);
    const turns = [...tables];
    let gone = 0;
    for (let statements = 0; statements < STATEMENTS_A_RUN; statements += 1) {
      const rows = turns.shift();
      if (rows === undefined || stop.aborted) return gone;
      const deleted = await this.deleteBatch(rows);
      gone += deleted;
      if (deleted === ROWS_A_STATEMENT) turns.push(rows);
    }
    return gone;
  }

  /** Looked for first: not every database deletes with a limit. */
  private async deleteBatch({ entity, key, condition, before }: SweptRows): Promise<number> {
    const found = await this.database.read((manager) =>
      manager
        .createQueryBuilder(entity, 'r')
        .select(`r.${key}`, 'key')
        .where(condition, { before })
        .limit(ROWS_A_STATEMENT)
        .getRawMany<{ key: string }>(),
    );
    if (found.length === 0) return 0;
    const keys = found.map((row) => row.key);
    await this.database.write((manager) => manager.delete(entity, { [key]: In(keys) }));
    return found.length;
  }
}
