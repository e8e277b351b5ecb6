import type { QueryRunner, Table } from 'typeorm';

interface IndexColumn {
  readonly schema: string;
  readonly index: string;
  readonly column: string;
}

const PLACES = `
  SELECT n.nspname AS "schema", i.relname AS "index", a.attname AS "column"
  FROM pg_index x
  JOIN pg_class i ON i.oid = x.indexrelid
  JOIN pg_namespace n ON n.oid = i.relnamespace
  CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY AS k (attnum, place)
  JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
  WHERE i.relname = ANY ($1)
  ORDER BY i.oid, k.place`;

/** Brings the columns of indexes into their order: TypeORM reads them, from PostgreSQL, in the order of the table. */
export async function orderIndexColumns(runner: QueryRunner, tables: readonly Table[]): Promise<void> {
  const indices = tables.flatMap((table) => table.indices.map((index) => ({ table, index })));
  const rows = (await runner.query(PLACES, [indices.map(({ index }) => index.name)])) as IndexColumn[];
  for (const { table, index } of indices) {
    const places = rows.filter((row) => row.index === index.name && row.schema === table.schema);
    // An index over an expression has fewer columns here than there, and is none of ours.
    if (places.length === index.columnNames.length) index.columnNames = places.map(({ column }) => column);
  }
}
