import type { DataSourceOptions } from 'typeorm';

/** Databases that Gatehouse is tested on, as TypeORM calls them, and as people do. */
export const DIALECTS = {
  postgres: 'PostgreSQL',
  mariadb: 'MariaDB',
  mysql: 'MySQL',
  'better-sqlite3': 'SQLite',
} as const;

export type Dialect = keyof typeof DIALECTS;

/** What may be typed for one. */
export const DIALECT_NAMES = ['postgres', 'mariadb', 'mysql', 'sqlite'] as const;

export type DialectName = (typeof DIALECT_NAMES)[number];

export function dialectOf(name: DialectName): Dialect {
  return name === 'sqlite' ? 'better-sqlite3' : name;
}

export function isDialect(type: string): type is Dialect {
  return type in DIALECTS;
}

/** Options of a data source that is never connected; what shapes the names of tables is the application's. */
export function unconnected(type: Dialect, options: Partial<DataSourceOptions>): DataSourceOptions {
  const { entities, entityPrefix, namingStrategy } = options;
  const schema = type === 'postgres' && 'schema' in options ? { schema: options.schema } : {};
  const names = { entities, entityPrefix, namingStrategy, ...schema };
  const given = Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined));
  // MySQL's driver wants a name, which no statement has in it.
  return { type, database: 'gatehouse', ...given };
}
