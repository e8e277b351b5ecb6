import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { applyChanges } from '../../lib/cli/init/apply-changes.js';
import { readProject } from '../../lib/cli/init/nest-project.js';
import { planInit, type InitPlan } from '../../lib/cli/init/plan-init.js';

export type Files = Record<string, string>;

const MODULES = resolve('node_modules');

const folders: string[] = [];
process.once('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function newFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), name));
  folders.push(folder);
  return folder;
}

/** A folder with these files and the packages of this repository. */
export function projectOf(files: Files): string {
  const root = newFolder('gatehouse-init-');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  symlinkSync(MODULES, join(root, 'node_modules'));
  return root;
}

/** What `gatehouse init` does to a folder. */
export function initialise(root: string): InitPlan {
  const plan = planInit(readProject(root, {}));
  applyChanges(plan.changes);
  return plan;
}

/** Every file of a project, apart from its packages. */
export function filesOf(root: string): Files {
  const names = readdirSync(root, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'));
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path.slice(root.length + 1), readFileSync(path, 'utf8')]));
}

/** A project as `nest new` makes it. */
export async function nestNew(type: 'cjs' | 'esm'): Promise<string> {
  const folder = newFolder('gatehouse-nest-');
  const schematics = join(MODULES, '.bin', 'schematics');
  const options = ['--name=app', `--type=${type}`, '--language=ts', '--package-manager=npm', '--strict'];
  await promisify(execFile)(schematics, ['@nestjs/schematics:application', ...options, '--no-interactive'], {
    cwd: folder,
  });
  const root = join(folder, 'app');
  symlinkSync(MODULES, join(folder, 'node_modules'));
  return root;
}

/** Compiles sources and tests of a project, with stand-ins for packages of its tests that are not installed here. */
export async function compile(root: string): Promise<void> {
  const supertest = [
    "declare module 'supertest' { const request: (server: unknown) => any; export default request; }",
    "declare module 'supertest/types' { export type App = any; }",
    "declare module 'supertest/types.js' { export type App = any; }",
  ];
  writeFileSync(join(root, 'supertest.d.ts'), supertest.join('\n'));
  const compilerOptions = { types: ['node', 'vitest/globals'], rootDir: '.', incremental: false };
  const include = ['src', 'test', 'supertest.d.ts'];
  writeFileSync(
    join(root, 'tsconfig.check.json'),
    JSON.stringify({ extends: './tsconfig.json', compilerOptions, include }),
  );
  await run(root, join(MODULES, 'typescript/bin/tsc'), ['-p', 'tsconfig.check.json'], {});
}

/** Runs a script in a project; its output, and an error with it if it fails. */
export async function run(cwd: string, script: string, args: string[], env: Record<string, string>): Promise<string> {
  const { PATH = '', HOME = '' } = process.env;
  const started = promisify(execFile)(process.execPath, [script, ...args], {
    cwd,
    env: { PATH, HOME, NO_COLOR: '1', ...env },
  });
  const { stdout, stderr } = await started.catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`${script} ${args.join(' ')}\n${error.stdout}\n${error.stderr}`);
  });
  return stdout + stderr;
}
