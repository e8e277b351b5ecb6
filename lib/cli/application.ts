import { resolve } from 'node:path';
import type { INestApplication, Type } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { packagesOf, type AppPackages } from './app-packages.js';
import { DataSourceWatch } from './data-source-watch.js';
import { Refusal } from './refusal.js';
import { rootModuleOf } from './root-module.js';

/** An application whose providers are made and whose work has not begun. */
export interface LoadedApplication {
  readonly app: INestApplication;
  /** The package `nestjs-gatehouse` that the application itself imports, such as its `Checklist` class. */
  readonly gatehouse: typeof import('../index.js');
  /** Every data source that it has made. */
  readonly dataSources: readonly DataSource[];
  /** Closes its databases and the store. No lifecycle hook of the application runs: none has begun. */
  close(): Promise<void>;
}

/**
 * Loads a compiled Nest module, ESM or CommonJS, and makes its providers by `NestFactory.create` without `init()`: no
 * lifecycle hook, job, mail or server. Uses `@nestjs/core`, the platform adapter and `nestjs-gatehouse` as the application
 * finds them. The schema of its database stays as it is: `synchronize`, `migrationsRun` and `dropSchema` are switched off.
 */
export async function loadApplication(modulePath: string): Promise<LoadedApplication> {
  const file = resolve(modulePath);
  const packages = await packagesOf(file);
  return makeApplication(packages, () => rootModuleOf(file));
}

/** @param load gives the root module: what stands in its files is run only now. */
export async function makeApplication(
  { core, gatehouse, adapter, dataSources }: AppPackages,
  load: () => Promise<Type>,
): Promise<LoadedApplication> {
  const watch = new DataSourceWatch();
  const end = watch.begin(dataSources);
  try {
    const root = await load();
    const app = await core.NestFactory.create(root, adapter, { logger: false, abortOnError: false });
    const store = storeOf(app, gatehouse);
    const close = async (): Promise<void> => {
      await store.close();
      await watch.close();
      end();
    };
    return { app, gatehouse, dataSources: [...watch.seen], close };
  } catch (error) {
    await watch.close();
    end();
    throw error;
  }
}

function storeOf(app: INestApplication, { StateStore }: AppPackages['gatehouse']) {
  try {
    return app.get(StateStore, { strict: false });
  } catch {
    throw new Refusal('This module does not import AuthModule of the nestjs-gatehouse that is installed beside it.');
  }
}
