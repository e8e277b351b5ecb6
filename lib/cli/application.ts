import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { INestApplication, Type } from '@nestjs/common';
import { Refusal } from './refusal.js';

/** An application whose providers are made and whose work has not begun. */
export interface LoadedApplication {
  readonly app: INestApplication;
  /** The package `nestjs-gatehouse` that the application itself imports, such as its `Checklist` class. */
  readonly gatehouse: typeof import('../index.js');
  close(): Promise<void>;
}

/**
 * Loads a compiled Nest module, ESM or CommonJS, and makes its providers by `NestFactory.create` without `init()`: no
 * lifecycle hook, job, mail or server. Uses `@nestjs/core`, the platform adapter and `nestjs-gatehouse` as the application
 * finds them. The schema of its database stays as it is: `synchronize`, `migrationsRun` and `dropSchema` are switched off.
 */
export async function loadApplication(modulePath: string): Promise<LoadedApplication> {
  const file = resolve(modulePath);
  const require = createRequire(file);
  const rootModule = await rootModuleOf(file);
  const core = (await import(pathToFileURL(require.resolve('@nestjs/core')).href)) as typeof import('@nestjs/core');
  const gatehouse = (await import(
    pathToFileURL(require.resolve('nestjs-gatehouse')).href
  )) as typeof import('../index.js');
  const app = await core.NestFactory.create(rootModule, { logger: false, abortOnError: false });
  return { app, gatehouse, close: () => app.close() };
}

async function rootModuleOf(file: string): Promise<Type> {
  const loaded = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const classes = Object.values(loaded).filter((member): member is Type => typeof member === 'function');
  const [root, ...others] = classes;
  if (root === undefined || others.length > 0) throw new Refusal(`${file} does not export one module.`);
  return root;
}
