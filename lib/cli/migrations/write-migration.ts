import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { SchemaChange } from '../../database/schema/schema-changes.js';
import { packageVersion } from '../package-version.js';
import { Refusal } from '../refusal.js';
import { DIALECTS } from './dialects.js';
import { migrationNames, migrationText, type MigrationForm } from './migration-file.js';
import type { MigrationPlan } from './plan-migration.js';

const SAYS: Record<SchemaChange['kind'], string> = {
  loss: 'is dropped, with the values in it. If they are wanted, keep them elsewhere first.',
  conversion: 'changes its type or must not be NULL any more: the statement fails where a value does not fit.',
  fill: 'must not be NULL and has no default: the statement fails on a table with rows, or fills in zero or empty text on MySQL. Add it with a value of yours first.',
};

/** What an operator should know before such a migration is run. */
export function warningsOf({ changes }: MigrationPlan): string[] {
  return changes.map(({ kind, table, column }) => `${table}.${column} ${SAYS[kind]}`);
}

export interface NamedMigration {
  readonly name: string;
  readonly timestamp: number;
  readonly form: MigrationForm;
}

export function textOf(plan: MigrationPlan, { name, timestamp, form }: NamedMigration): string {
  const about = `Tables of nestjs-gatehouse ${packageVersion()} on ${DIALECTS[plan.dialect]}, by \`gatehouse migrations\`.`;
  const { className } = migrationNames(name, timestamp, form);
  return migrationText({ form, className, about, warnings: warningsOf(plan), up: plan.up, down: plan.down });
}

/** Writes the file, which must not be there, and answers its path as seen from here. */
export function writeMigration(plan: MigrationPlan, folder: string, named: NamedMigration): string {
  const file = join(resolve(folder), migrationNames(named.name, named.timestamp, named.form).fileName);
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file)) throw new Refusal(`${file} is there already.`);
  writeFileSync(file, textOf(plan, named), { flag: 'wx' });
  return relative(process.cwd(), file);
}

/** What `.js` means to Node.js in a folder, by the package that it belongs to. */
export function formOf(folder: string): MigrationForm {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const manifest = join(at, 'package.json');
    if (existsSync(manifest)) {
      const { type } = JSON.parse(readFileSync(manifest, 'utf8')) as { type?: string };
      return type === 'module' ? 'esm' : 'cjs';
    }
    if (at === dirname(at)) return 'cjs';
  }
}
