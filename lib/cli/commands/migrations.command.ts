import { InvalidArgumentError, Option, type Command } from 'commander';
import { SystemClock } from '../../common/clock.js';
import { EXIT } from '../exit-codes.js';
import { DIALECT_NAMES, DIALECTS } from '../migrations/dialects.js';
import type { MigrationForm } from '../migrations/migration-file.js';
import type { MigrationPlan, PlanOptions } from '../migrations/plan-migration.js';
import { formOf, textOf, warningsOf, writeMigration } from '../migrations/write-migration.js';
import { teach } from '../teach.js';

interface MigrationOptions extends PlanOptions {
  readonly out: string;
  readonly name: string;
  readonly timestamp?: number;
  readonly esm?: true;
  readonly cjs?: true;
  readonly ts?: true;
  readonly print?: true;
  readonly check?: true;
}

export function addMigrations(program: Command): void {
  const command = program
    .command('migrations')
    .description('Writes the TypeORM migration that brings the tables of Gatehouse, and no others, up to date.')
    .argument('[file]', 'compiled file that exports the DataSource of the application, or its root module')
    .option('--out <folder>', 'where the migration goes', 'migrations')
    .option('--name <name>', 'what it is called', nameOf, 'Gatehouse')
    .option('--timestamp <ms>', 'when it was made, in epoch ms, by which TypeORM sorts', timestampOf)
    .addOption(new Option('--esm', 'an ECMAScript module').conflicts(['cjs', 'ts']))
    .addOption(new Option('--cjs', 'a CommonJS module').conflicts(['esm', 'ts']))
    .addOption(new Option('--ts', 'TypeScript; without any of these, JavaScript as the nearest package.json says'))
    .addOption(new Option('--dialect <name>', 'which database; without it, that of the file').choices(DIALECT_NAMES))
    .option(
      '--empty',
      'for a database that has nothing: nothing is connected to a file of a DataSource, or without a file',
    )
    .option('--with-user-table', 'also the table of the users, which belongs to the application')
    .option('--print', 'print the migration instead of writing it')
    .addOption(new Option('--check', 'write nothing, and fail if something is to be done').conflicts('print'))
    .action(run);
  teach(command, {
    examples: [
      'gatehouse migrations dist/data-source.js --name Administration',
      'gatehouse migrations dist/app.module.js --with-user-table --ts --out src/migrations',
      'gatehouse migrations dist/data-source.js --check',
      'gatehouse migrations --dialect postgres --empty --print',
    ],
    exits: {
      [EXIT.good]: 'the migration was written, or there is nothing to do',
      [EXIT.findings]: 'with --check: the tables are not what the entities say',
      [EXIT.failed]: 'the file, the database or the folder cannot be used',
    },
  });
}

async function run(file: string | undefined, options: MigrationOptions): Promise<void> {
  // TypeORM takes a second to load, which every other command would wait for.
  const { planMigration } = await import('../migrations/plan-migration.js');
  const plan = await planMigration(file, options);
  console.error(comparison(plan));
  for (const warning of warningsOf(plan)) console.error(`WARNING: ${warning}`);
  if (plan.up.length === 0) return;
  if (options.check === true) {
    process.exitCode = EXIT.findings;
    return;
  }
  const named = {
    name: options.name,
    timestamp: options.timestamp ?? new SystemClock().now(),
    form: formIn(options),
  };
  if (options.print === true) return void process.stdout.write(textOf(plan, named));
  console.log(`Wrote ${writeMigration(plan, options.out, named)}. Read it before you run it.`);
}

function comparison({ dialect, database, up }: MigrationPlan): string {
  const seen = database === undefined ? 'an empty database' : `the database ${database}`;
  const work = up.length === 0 ? 'there is nothing to do' : `${up.length} statements to bring it up to date`;
  return `${DIALECTS[dialect]}, ${seen}: ${work}.`;
}

function formIn({ esm, cjs, ts, out }: MigrationOptions): MigrationForm {
  if (esm === true) return 'esm';
  if (cjs === true) return 'cjs';
  return ts === true ? 'ts' : formOf(out);
}

function nameOf(text: string): string {
  if (/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/i.test(text)) return text;
  throw new InvalidArgumentError('letters, digits and single hyphens, beginning with a letter.');
}

function timestampOf(text: string): number {
  // TypeORM takes the last 13 digits of the class name for it.
  if (/^\d{13}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('13 digits.');
}
