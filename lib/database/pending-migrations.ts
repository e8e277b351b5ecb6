import type { DataSource } from 'typeorm';

const DEFAULT_TABLE = 'migrations';

/** Names of migrations that the application has and the database has not seen. Makes no table, unlike TypeORM's own look. */
export async function pendingMigrations(dataSource: DataSource): Promise<readonly string[]> {
  const names = dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name);
  if (names.length === 0) return [];
  const { driver, options } = dataSource;
  const { schema } = options as { readonly schema?: string };
  const table = driver.buildTableName(options.migrationsTableName ?? DEFAULT_TABLE, schema);
  const runner = dataSource.createQueryRunner('master');
  try {
    if (!(await runner.hasTable(table))) return names;
    const rows = await runner.manager
      .createQueryBuilder()
      .select('m.name', 'name')
      .from(table, 'm')
      .getRawMany<{ readonly name: string }>();
    const done = new Set(rows.map(({ name }) => name));
    return names.filter((name) => !done.has(name));
  } finally {
    await runner.release();
  }
}
