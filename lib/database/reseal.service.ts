import { Inject, Injectable } from '@nestjs/common';
import { Keyring } from '../keys/keyring.js';
import { Database } from './database.js';
import type { ResealOptions, ResealReport, SealedCount } from './reseal-report.js';
import type { SealedColumn } from './sealed-columns.js';
import { SealedRows, type SealedRow } from './sealed-rows.js';
import { SEALED_COLUMNS } from './tokens.js';

const BATCH = 200;
/** Statements under way at once: one waits for the disk while another is sent. */
const AT_ONCE = 4;

type Outcome = 'resealed' | 'overtaken' | 'unopened' | 'untouched';

/**
 * Seals anew what an earlier secret sealed, so that it may be removed. Any number of instances may go on reading and writing
 * meanwhile; a run that was ended, by whatever, is finished by the next.
 */
@Injectable()
export class Reseal {
  private readonly rows: SealedRows;

  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    @Inject(SEALED_COLUMNS) private readonly columns: readonly SealedColumn[],
  ) {
    this.rows = new SealedRows(database);
  }

  /** Key ids of the secrets that are configured: the one that seals, and those that only open. */
  keyIds(): { readonly current: string; readonly earlier: readonly string[] } {
    const [current = '', ...earlier] = this.keyring.sealKids();
    return { current, earlier };
  }

  /** What is sealed, by column and key id. Changes nothing. */
  async count(): Promise<readonly SealedCount[]> {
    const { current, earlier } = this.keyIds();
    const standingOf = (kid = ''): SealedCount['standing'] =>
      kid === current ? 'current' : earlier.includes(kid) ? 'opens' : 'lost';
    const counts: SealedCount[] = [];
    for (const sealed of this.known()) {
      const column = this.nameOf(sealed);
      for (const [kid, rows] of await this.rows.countByKid(sealed)) {
        counts.push({ column, kid, rows, standing: standingOf(kid) });
      }
    }
    return counts;
  }

  /** Goes over every sealed column once. Throws `STORE_UNAVAILABLE` (503) when the database is gone: run it again. */
  async run({ batch = BATCH, signal, onProgress }: ResealOptions = {}): Promise<ResealReport> {
    const outcomes = { resealed: 0, overtaken: 0, unopened: 0, untouched: 0 };
    let seen = 0;
    for (const sealed of this.known()) {
      for await (const rows of this.rows.batches(sealed, batch)) {
        await this.each(rows, async (row) => {
          outcomes[await this.reseal(sealed, row)] += 1;
        });
        seen += rows.length;
        onProgress?.({ column: this.nameOf(sealed), seen, resealed: outcomes.resealed });
        if (signal?.aborted === true) return { ...reported(outcomes), interrupted: true };
      }
    }
    return { ...reported(outcomes), interrupted: false };
  }

  /**
   * A transaction of its own for each row: it locks that row alone, for one statement, and can be part of no deadlock with
   * what the application does at the time.
   */
  private async reseal({ entity, column, place }: SealedColumn, { id, text }: SealedRow): Promise<Outcome> {
    if (text === null || text.startsWith(`v1.${this.keyIds().current}.`)) return 'untouched';
    const opened = this.keyring.open(text, place(id));
    if (opened === undefined) return 'unopened';
    const anew = this.keyring.seal(opened, place(id));
    const { affected } = await this.database.write((manager) =>
      manager.update(entity, { id, [column]: text }, { [column]: anew }),
    );
    return affected === 1 ? 'resealed' : 'overtaken';
  }

  private async each(rows: readonly SealedRow[], work: (row: SealedRow) => Promise<void>): Promise<void> {
    const waiting = [...rows];
    const worker = async (): Promise<void> => {
      for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) await work(row);
    };
    // One whose database fails must not leave the others running unseen.
    const workers = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
    const failed = workers.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Entities that the application leaves out have no rows. */
  private known(): readonly SealedColumn[] {
    return this.columns.filter(({ entity }) => this.database.dataSource.hasMetadata(entity));
  }

  private nameOf({ entity, column }: SealedColumn): string {
    return `${this.database.dataSource.getMetadata(entity).tableName}.${column}`;
  }
}

function reported({ resealed, overtaken, unopened }: Record<Outcome, number>): Omit<ResealReport, 'interrupted'> {
  return { resealed, overtaken, unopened };
}
