import { packageVersion } from '../package-version.js';
import type { NestProject, PackageManager } from './nest-project.js';

const ALWAYS: Record<string, string> = {
  '@nestjs/typeorm': '12',
  typeorm: '1',
  passport: '0.7',
  helmet: '8',
  nodemailer: '10',
};

const OWN_DATABASE: Record<string, string> = { 'better-sqlite3': '12', pg: '8' };

/** What package.json does not list yet, as a package manager takes it. */
export function missingPackages({ packages }: NestProject, ownDatabase: boolean): string[] {
  const needed = {
    'nestjs-gatehouse': packageVersion(),
    ...ALWAYS,
    ...(ownDatabase ? OWN_DATABASE : {}),
  };
  return Object.entries(needed)
    .filter(([name]) => !packages.has(name))
    .map(([name, range]) => `${name}@${range}`);
}

export function installCommand(packageManager: PackageManager, packages: readonly string[]): string[] {
  return [packageManager, packageManager === 'npm' ? 'install' : 'add', ...packages];
}
