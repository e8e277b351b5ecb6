import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DataSource, EntitySchema, type DataSourceOptions } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { DataSourceWatch } from '../../lib/cli/data-source-watch.js';
import { readSource } from '../../lib/cli/migrations/auth-source.js';
import { planOf } from '../../lib/cli/migrations/plan-migration.js';
import { schemaWorkOf } from '../../lib/database/schema-work.js';
import { connect, newConnection, newFolder } from './migration-kit.js';

const Note = new EntitySchema<{ id: number }>({ name: 'Note', columns: { id: { type: 'int', primary: true } } });

class Notes1700000000000 {
  up = async (runner: { query(sql: string): Promise<unknown> }) => runner.query('CREATE TABLE made (id int)');
  down = async () => undefined;
}

async function tablesOf(options: DataSourceOptions): Promise<readonly string[]> {
  const dataSource = await connect({ ...options, entities: [] });
  const rows: { name: string }[] = await dataSource.query("SELECT name FROM sqlite_master WHERE type = 'table'");
  await dataSource.destroy();
  return rows.map(({ name }) => name);
}

/** A folder from which Gatehouse and TypeORM are found, with this file in it. */
function fileWith(name: string, code: string): string {
  const folder = newFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(resolve('node_modules/typeorm'), join(folder, 'node_modules/typeorm'));
  symlinkSync(resolve('.'), join(folder, 'node_modules/nestjs-gatehouse'));
  writeFileSync(join(folder, name), code);
  return join(folder, name);
}

it('what an application calls by itself alters nothing, is told of, and works again in the end', async () => {
  const options = await newConnection('sqlite');
  const watch = new DataSourceWatch();
  const end = watch.begin([DataSource]);
  const work = { entities: [Note], migrations: [Notes1700000000000] } as Partial<DataSourceOptions>;
  const dataSource = await connect(options, work);
  expect(await dataSource.runMigrations()).toEqual([]);
  expect(schemaWorkOf(dataSource)).toEqual({ synchronize: false, dropSchema: false, migrationsRun: true });
  await dataSource.synchronize(true);
  await dataSource.dropDatabase();
  await dataSource.undoLastMigration();
  expect(schemaWorkOf(dataSource)).toEqual({ synchronize: true, dropSchema: true, migrationsRun: true });
  expect((await dataSource.driver.createSchemaBuilder().log()).upQueries).toHaveLength(1);
  await watch.close();
  end();
  expect(await tablesOf(options)).toEqual([]);

  const free = await connect(options, work);
  await free.synchronize();
  await free.runMigrations();
  await free.destroy();
  expect(await tablesOf(options)).toEqual(expect.arrayContaining(['note', 'made']));
});

describe('a file that a migration is made for', () => {
  it('alters nothing while it is read and compared', async () => {
    const options = await newConnection('sqlite');
    const file = fileWith(
      'data-source.mjs',
      `import { DataSource, EntitySchema } from 'typeorm';
      import { authEntities } from 'nestjs-gatehouse';
      const Note = new EntitySchema({ name: 'Note', columns: { id: { type: 'int', primary: true } } });
      const [, ...own] = authEntities({ userEntity: Object });
      const options = { ...${JSON.stringify(options)}, entities: [Note, ...own], synchronize: true };
      export const dataSource = await new DataSource(options).initialize();
      await dataSource.synchronize();`,
    );
    const source = await readSource(file);
    const { up } = await planOf(source, {}).finally(() => source.close());
    expect(up.filter((statement) => statement.startsWith('CREATE TABLE'))).toHaveLength(source.entities.length);
    expect(await tablesOf(options)).toEqual([]);
  });

  it('is not imported where it would start an application', async () => {
    const file = fileWith('main.mjs', 'globalThis.__gatehouseMigrated = true; export {};');
    await expect(readSource(file)).rejects.toThrow('starts the application');
    expect('__gatehouseMigrated' in globalThis).toBe(false);
  });
});
