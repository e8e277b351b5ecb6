import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type TypeScript from 'typescript';
import { EXIT } from '../exit-codes.js';
import { Refusal } from '../refusal.js';

export const PACKAGE_MANAGERS = ['npm', 'pnpm', 'yarn', 'bun'] as const;

export type PackageManager = (typeof PACKAGE_MANAGERS)[number];

/** An application as `nest new` makes it, or one that has grown from there. */
export interface NestProject {
  readonly root: string;
  readonly name: string;
  readonly isEsm: boolean;
  /** Names of all packages that package.json lists. */
  readonly packages: ReadonlySet<string>;
  readonly mainFile: string;
  /** The compiler of the project: its syntax is what the files are written in. */
  readonly ts: typeof TypeScript;
  readonly packageManager: PackageManager;
}

interface Manifest {
  readonly name?: string;
  readonly type?: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

interface NestCli {
  readonly sourceRoot?: string;
  readonly entryFile?: string;
  readonly monorepo?: boolean;
}

export interface ProjectOptions {
  readonly main?: string;
  readonly packageManager?: PackageManager;
}

const LOCK_FILES: readonly (readonly [string, PackageManager])[] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
];

/** Looks at a folder, and refuses one in which there is nothing to add Gatehouse to. */
export function readProject(folder: string, { main, packageManager }: ProjectOptions): NestProject {
  const root = resolve(folder);
  const manifest = readJson(join(root, 'package.json')) as Manifest | undefined;
  if (manifest === undefined) throw new Refusal(`${root} has no package.json: name the folder of a Nest project.`);
  const listed = { ...manifest.devDependencies, ...manifest.dependencies };
  refuseOtherNest(root, listed['@nestjs/core']);
  return {
    root,
    name: manifest.name?.replace(/^@[^/]*\//, '') ?? 'app',
    isEsm: manifest.type === 'module',
    packages: new Set(Object.keys(listed)),
    mainFile: mainFileOf(root, main),
    ts: compilerOf(root),
    packageManager: packageManager ?? LOCK_FILES.find(([file]) => existsSync(join(root, file)))?.[1] ?? 'npm',
  };
}

function refuseOtherNest(root: string, range: string | undefined): void {
  if (range === undefined) throw new Refusal(`${root} is no Nest project: its package.json lists no @nestjs/core.`);
  const major = /\d+/.exec(range)?.[0];
  if (major !== undefined && Number(major) < 12) {
    throw new Refusal(`${root} is on Nest ${major}: Gatehouse needs Nest 12. Upgrade first: npx nest upgrade.`);
  }
}

function mainFileOf(root: string, main: string | undefined): string {
  const cli = (readJson(join(root, 'nest-cli.json')) ?? {}) as NestCli;
  if (main === undefined && cli.monorepo === true) {
    throw new Refusal('This is a monorepo: name the application by --main, such as apps/api/src/main.ts.', EXIT.usage);
  }
  const file = resolve(root, main ?? join(cli.sourceRoot ?? 'src', `${cli.entryFile ?? 'main'}.ts`));
  if (existsSync(file)) return file;
  throw new Refusal(`There is no ${file}: name the file that starts the application by --main.`, EXIT.usage);
}

function compilerOf(root: string): typeof TypeScript {
  const require = createRequire(join(root, 'package.json'));
  let ts: Partial<typeof TypeScript>;
  try {
    ts = require('typescript') as Partial<typeof TypeScript>;
  } catch {
    throw new Refusal(`${root} has no TypeScript: install the packages of the project first.`);
  }
  // TypeScript 7 compiles, and has nothing to read source with.
  if (ts.createSourceFile === undefined) throw new Refusal('The TypeScript of the project has no API: use version 6.');
  return ts as typeof TypeScript;
}

function readJson(file: string): unknown {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new Refusal(`${file} is not JSON.`);
  }
}

/** Path of a folder beside the file that starts the application. */
export function besideMain({ mainFile }: NestProject, ...parts: string[]): string {
  return join(dirname(mainFile), ...parts);
}
