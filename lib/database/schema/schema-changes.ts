import type { Driver, EntityMetadata, Table, TableColumn } from 'typeorm';

type ColumnMetadata = EntityMetadata['columns'][number];

/** What a migration does to a column of a table that is there, and what an operator should know of it. */
export interface SchemaChange {
  /** `loss`: values go. `conversion`: the database converts or refuses them. `fill`: rows need a value that is not said. */
  readonly kind: 'loss' | 'conversion' | 'fill';
  readonly table: string;
  readonly column: string;
}

/** Compares an entity with its table: columns that go, that change their type, and that rows have no value for. */
export function changesOf(metadata: EntityMetadata, table: Table, driver: Driver): SchemaChange[] {
  const wanted = new Map(metadata.columns.map((column) => [column.databaseName, column]));
  const stored = new Map(table.columns.map((column) => [column.name, column]));
  const change = (kind: SchemaChange['kind'], column: string): SchemaChange => ({
    kind,
    table: metadata.tableName,
    column,
  });
  return [
    ...[...stored.keys()].filter((name) => !wanted.has(name)).map((name) => change('loss', name)),
    ...[...wanted].flatMap(([name, column]) => {
      const before = stored.get(name);
      if (before === undefined) return needsValue(column) ? [change('fill', name)] : [];
      return isConverted(before, column, driver) ? [change('conversion', name)] : [];
    }),
  ];
}

function needsValue({ isNullable, default: value, isGenerated }: ColumnMetadata): boolean {
  return !isNullable && value === undefined && !isGenerated;
}

function isConverted(before: TableColumn, column: ColumnMetadata, driver: Driver): boolean {
  if (driver.findChangedColumns([before], [column]).length === 0) return false;
  return (
    before.type !== driver.normalizeType(column) ||
    before.length !== driver.getColumnLength(column) ||
    (before.isNullable && !column.isNullable)
  );
}
