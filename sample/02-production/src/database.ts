import { join } from 'node:path';
import type { DataSourceOptions } from 'typeorm';
import type { Configuration } from './configuration.js';

type DatabaseConfiguration = Pick<Configuration, 'databaseUrl' | 'databasePool'>;

/**
 * The tables are made by migrations alone, and by one process alone: `npm run migrate`, before the workers start. Two
 * workers that migrate while they start would run the same statements twice.
 */
export function databaseOptions({ databaseUrl, databasePool }: DatabaseConfiguration): DataSourceOptions {
  return {
    type: 'postgres',
    url: databaseUrl,
    poolSize: databasePool,
    connectTimeoutMS: 5_000,
    synchronize: false,
    migrations: [join(import.meta.dirname, '..', 'migrations', '*.js')],
    migrationsRun: false,
  };
}
