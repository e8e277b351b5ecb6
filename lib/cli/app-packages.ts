import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Type } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import { Refusal } from './refusal.js';

/** The packages of an application, as its own files find them. */
export interface AppPackages {
  readonly core: typeof import('@nestjs/core');
  readonly gatehouse: typeof import('../index.js');
  readonly adapter: AbstractHttpAdapter;
  /** One for each copy of TypeORM. */
  readonly dataSources: readonly { readonly prototype: DataSource }[];
}

const ADAPTERS = [
  ['@nestjs/platform-express', 'ExpressAdapter'],
  ['@nestjs/platform-fastify', 'FastifyAdapter'],
] as const;

export async function packagesOf(file: string): Promise<AppPackages> {
  const require = createRequire(file);
  const core = await load<AppPackages['core']>(require, '@nestjs/core');
  const gatehouse = await load<AppPackages['gatehouse']>(require, 'nestjs-gatehouse');
  return { core, gatehouse, adapter: await adapterOf(require), dataSources: await dataSourcesOf(require) };
}

async function adapterOf(require: NodeJS.Require): Promise<AbstractHttpAdapter> {
  for (const [name, member] of ADAPTERS) {
    if (resolved(require, name) === undefined) continue;
    const platform = await load<Record<string, Type<AbstractHttpAdapter>>>(require, name);
    const Adapter = platform[member];
    if (Adapter !== undefined) return new Adapter();
  }
  throw new Refusal('Neither @nestjs/platform-express nor @nestjs/platform-fastify is installed beside this module.');
}

/** `DataSource` of each copy of TypeORM that the file of an application finds; none where there is no TypeORM. */
export function dataSourceClassesOf(file: string): Promise<AppPackages['dataSources']> {
  return dataSourcesOf(createRequire(file));
}

/** The application's TypeORM, and the one that @nestjs/typeorm uses, which may be another copy. */
async function dataSourcesOf(require: NodeJS.Require): Promise<AppPackages['dataSources']> {
  const beside = resolved(require, '@nestjs/typeorm');
  const requires = [require, ...(beside === undefined ? [] : [createRequire(beside)])];
  const copies = await Promise.all(
    requires
      .filter((each) => resolved(each, 'typeorm') !== undefined)
      .map((each) => load<typeof import('typeorm')>(each, 'typeorm')),
  );
  return copies.map(({ DataSource: dataSource }) => dataSource);
}

async function load<T>(require: NodeJS.Require, name: string): Promise<T> {
  const found = resolved(require, name);
  if (found === undefined) throw new Refusal(`${name} is not installed beside this module.`);
  return (await import(pathToFileURL(found).href)) as T;
}

function resolved(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}
