import type { EntityManager, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { Database } from './database.js';
import type { SealedColumn } from './sealed-columns.js';

export interface SealedRow {
  readonly id: string;
  readonly text: string | null;
}

const HEAD = /^v1\.([\w-]{8})(?:\.|$)/;
const HEAD_LENGTH = 12;
const COUNTED_AT_ONCE = 2_000;

/**
 * Reads sealed columns from one end to the other along the primary key: each statement reads a bounded number of rows, on a
 * table of any size, and nothing but these is held in memory.
 */
export class SealedRows {
  constructor(private readonly database: Database) {}

  batches(sealed: SealedColumn, batch: number): AsyncGenerator<readonly SealedRow[]> {
    return this.pages(sealed, `row.${sealed.column}`, batch);
  }

  async countByKid(sealed: SealedColumn): Promise<ReadonlyMap<string | undefined, number>> {
    const counts = new Map<string | undefined, number>();
    const head = `SUBSTR(row.${sealed.column}, 1, ${HEAD_LENGTH})`;
    for await (const rows of this.pages(sealed, head, COUNTED_AT_ONCE)) {
      for (const { text } of rows.filter((row) => row.text !== null)) {
        const kid = HEAD.exec(text ?? '')?.[1];
        counts.set(kid, (counts.get(kid) ?? 0) + 1);
      }
    }
    return counts;
  }

  private async *pages(sealed: SealedColumn, text: string, size: number): AsyncGenerator<readonly SealedRow[]> {
    for (let after: string | undefined; ;) {
      const last = after;
      const rows = await this.database.read((manager) => page(manager, sealed, text, last, size));
      if (rows.length > 0) yield rows;
      if (rows.length < size) return;
      after = rows.at(-1)?.id;
    }
  }
}

function page(
  manager: EntityManager,
  { entity }: SealedColumn,
  text: string,
  after: string | undefined,
  size: number,
): Promise<SealedRow[]> {
  const query: SelectQueryBuilder<ObjectLiteral> = manager
    .createQueryBuilder<ObjectLiteral>(entity, 'row')
    .withDeleted()
    .select('row.id', 'id')
    .addSelect(text, 'text')
    .orderBy('row.id', 'ASC')
    .limit(size);
  if (after !== undefined) query.where('row.id > :after', { after });
  return query.getRawMany<SealedRow>();
}
