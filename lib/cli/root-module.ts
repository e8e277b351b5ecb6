import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Type } from '@nestjs/common';
import { Refusal } from './refusal.js';

/** Metadata of `@Module()`, any one of which marks a class as a module. */
const MODULE_METADATA = ['imports', 'controllers', 'providers', 'exports'];

/** Starts an application while it is loaded. */
const STARTER = /^main(?:[.-].*)?\.[cm]?[jt]s$/;

/** The Nest module that a compiled file, ESM or CommonJS, exports. Refuses what would start the application. */
export async function rootModuleOf(file: string): Promise<Type> {
  refuseMissing(file);
  if (/\.[cm]?ts$/.test(file)) throw new Refusal(`${file} is TypeScript. Build first, and name the compiled module.`);
  refuseStarter(file);
  const loaded = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const modules = new Set([...Object.values(loaded), ...membersOf(loaded['default'])].filter(isModule));
  const [root, ...others] = modules;
  if (root === undefined) throw new Refusal(`${file} exports no class with @Module().`);
  if (others.length > 0) {
    throw new Refusal(`${file} exports ${modules.size} modules. Name a file that exports the root module alone.`);
  }
  return root;
}

/** Refuses a file that is not there, or would start the application; before it is imported. */
export function refuseStarter(file: string): void {
  refuseMissing(file);
  if (STARTER.test(basename(file)) || /\bNestFactory\b/.test(readFileSync(file, 'utf8'))) {
    throw new Refusal(`${file} starts the application. Name its root module instead, such as dist/app.module.js.`);
  }
}

function refuseMissing(file: string): void {
  if (existsSync(file)) return;
  throw new Refusal(`There is no file ${file}. Name the compiled root module, such as dist/app.module.js.`);
}

/** `module.exports` of CommonJS is what an ESM import calls `default`. */
function membersOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

function isModule(value: unknown): value is Type {
  return typeof value === 'function' && MODULE_METADATA.some((key) => Reflect.hasMetadata(key, value));
}
