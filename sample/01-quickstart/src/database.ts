import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSourceOptions } from 'typeorm';
import type { Configuration } from './configuration.js';

export function databaseOptions({ databaseUrl, dataDir, production }: Configuration): DataSourceOptions {
  const shared = {
    // Convenient while the entities still change, and a way to lose data later: in production tables come from migrations.
    synchronize: !production,
    migrations: [join(import.meta.dirname, '..', 'migrations', '*.js')],
    migrationsRun: production,
  };
  if (databaseUrl) return { ...shared, type: 'postgres', url: databaseUrl };
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return { ...shared, type: 'better-sqlite3', database: join(dataDir, 'quickstart.sqlite'), enableWAL: true };
}
