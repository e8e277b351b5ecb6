import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../tooling/lint-kit.js';

const CONSUMER = join(import.meta.dirname, 'consumer');
/** What the README asks for, a driver, and what compiles. Nothing that is optional. */
const PACKAGES = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/typeorm',
  '@types/node',
  'passport',
  'pg',
  'reflect-metadata',
  'rxjs',
  'typeorm',
  'typescript',
];

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-packed-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** The package as it would be published. */
export async function pack(): Promise<string> {
  await npm(ROOT, 'pack', '--ignore-scripts', '--silent', '--pack-destination', folder);
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz'))!,
  );
}

/** An empty folder into which the packed package has been installed, and the files of its user. */
export async function install(tarball: string, type: 'commonjs' | 'module', platform: string): Promise<string> {
  const root = join(folder, `${type}-${platform.split('/').at(-1)}`);
  mkdirSync(root);
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type }));
  for (const file of readdirSync(CONSUMER)) copyFileSync(join(CONSUMER, file), join(root, file));
  const packages = [...PACKAGES, platform].map((name) => `${name}@${installedVersion(name)}`);
  await npm(root, 'install', '--prefer-offline', '--ignore-scripts', tarball, ...packages);
  return root;
}

/** The versions of this repository: they are in the cache of whoever has installed it. */
function installedVersion(name: string): string {
  const manifest = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

async function npm(cwd: string, ...args: readonly string[]): Promise<void> {
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier'];
  await promisify(execFile)('npm', [...args, ...quiet], { cwd });
}
