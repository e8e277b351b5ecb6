import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Type } from '@nestjs/common';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { AUTH_DATA_SOURCE, AUTH_ENTITIES } from '../../database/tokens.js';
import { dataSourceClassesOf } from '../app-packages.js';
import { loadApplication } from '../application.js';
import { DataSourceWatch } from '../data-source-watch.js';
import { Refusal } from '../refusal.js';
import { refuseStarter } from '../root-module.js';

/** Where the tables are, and whose they are. */
export interface AuthSource {
  /** How the application connects; of a plan without a file what is needed to write SQL. */
  readonly options: DataSourceOptions;
  /** TypeORM's `DataSource` as the application has loaded it. */
  readonly DataSource: new (options: DataSourceOptions) => DataSource;
  /** Entities of Gatehouse alone. */
  readonly entities: readonly Type[];
  /** The application's own; `undefined` where a file of a data source does not tell. */
  readonly userEntity: Type | undefined;
  close(): Promise<void>;
}

/**
 * Reads a compiled file that exports a `DataSource`, which asks for no other configuration, or a Nest module. Whatever the
 * file does while it is imported, the schema stays as it is until the source is closed.
 */
export async function readSource(path: string): Promise<AuthSource> {
  const file = resolve(path);
  refuseStarter(file);
  const watch = new DataSourceWatch();
  const end = watch.begin(await dataSourceClassesOf(file));
  const endWatch = async (): Promise<void> => {
    await watch.close();
    end();
  };
  try {
    const source = await importSource(file);
    return { ...source, close: () => source.close().finally(endWatch) };
  } catch (error) {
    await endWatch();
    throw error;
  }
}

async function importSource(file: string): Promise<AuthSource> {
  const loaded = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  // What CommonJS exports is also the default.
  const members: unknown[] = [loaded, loaded.default ?? {}].flatMap((exported): unknown[] => Object.values(exported));
  const dataSource = members.find(isDataSource);
  return dataSource === undefined ? sourceOfModule(file) : sourceOfDataSource(dataSource, file);
}

async function sourceOfModule(file: string): Promise<AuthSource> {
  const loaded = await loadApplication(file);
  const close = (): Promise<void> => loaded.close();
  try {
    const dataSource = loaded.app.get<DataSource>(AUTH_DATA_SOURCE, { strict: false });
    const [userEntity, ...entities] = loaded.app.get<Type[]>(AUTH_ENTITIES, { strict: false });
    return { ...connectionOf(dataSource), entities, userEntity, close };
  } catch (error) {
    await close();
    // Another copy of the package has other tokens.
    if (!(error instanceof Error) || error.name !== 'UnknownElementException') throw error;
    throw new Refusal(
      `${file} has no AuthModule of this nestjs-gatehouse. Run the command in the folder of the application: npx gatehouse.`,
    );
  }
}

async function sourceOfDataSource(dataSource: DataSource, file: string): Promise<AuthSource> {
  const gatehouse = await gatehouseOf(file);
  const listed = dataSource.options.entities ?? [];
  const classes = Object.values(listed).filter((entity): entity is Type => typeof entity === 'function');
  const users = classes.filter((entity) => entity.prototype instanceof gatehouse.AuthUser);
  const [userEntity] = users.length === 1 ? users : [];
  // Whoever the users are, the tables of Gatehouse are the same.
  const [, ...entities] = gatehouse.authEntities({ userEntity: Object });
  return { ...connectionOf(dataSource), entities, userEntity, close: async () => undefined };
}

async function gatehouseOf(file: string): Promise<typeof import('../../index.js')> {
  const path = createRequire(file).resolve('nestjs-gatehouse');
  return (await import(pathToFileURL(path).href)) as typeof import('../../index.js');
}

function connectionOf(dataSource: DataSource): Pick<AuthSource, 'options' | 'DataSource'> {
  return { options: dataSource.options, DataSource: dataSource.constructor as AuthSource['DataSource'] };
}

function isDataSource(member: unknown): member is DataSource {
  if (typeof member !== 'object' || member === null) return false;
  return (member as { '@instanceof'?: unknown })['@instanceof'] === Symbol.for('DataSource');
}
