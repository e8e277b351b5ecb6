import { ConfigurationError } from './configuration.js';

/** Brings the tables up to date: once for each deployment, before its first worker starts. */
async function migrate(): Promise<void> {
  const { dataSource } = await import('./data-source.js');
  await dataSource.initialize();
  try {
    const done = await dataSource.runMigrations({ transaction: 'each' });
    console.log(
      done.length === 0 ? 'The tables are up to date.' : `Migrated: ${done.map(({ name }) => name).join(', ')}`,
    );
  } finally {
    await dataSource.destroy();
  }
}

migrate().catch((error: unknown) => {
  console.error(error instanceof ConfigurationError ? error.message : error);
  process.exit(1);
});
