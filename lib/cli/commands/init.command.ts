import { spawnSync } from 'node:child_process';
import { Option, type Command } from 'commander';
import { EXIT } from '../exit-codes.js';
import { applyChanges } from '../init/apply-changes.js';
import { initReport } from '../init/init-report.js';
import { PACKAGE_MANAGERS, readProject, type NestProject, type ProjectOptions } from '../init/nest-project.js';
import { installCommand } from '../init/packages.js';
import { planInit } from '../init/plan-init.js';
import { Refusal } from '../refusal.js';
import { teach } from '../teach.js';

interface InitOptions extends ProjectOptions {
  readonly dryRun?: true;
  readonly yes?: true;
}

export function addInit(program: Command): void {
  const command = program
    .command('init')
    .description(
      'Adds Gatehouse to a Nest project. Changes nothing that is there already, and says what is left to do.',
    )
    .argument('[folder]', 'folder of the project', '.')
    .addOption(
      new Option('--package-manager <name>', 'without it, the one whose lock file is there').choices(PACKAGE_MANAGERS),
    )
    .option('--main <file>', 'file that starts the application, where nest-cli.json does not tell')
    .option('--dry-run', 'only say what would be done')
    .option('--yes', 'also install the packages')
    .action(init);
  teach(command, {
    examples: [
      'gatehouse init',
      'gatehouse init ../shop --yes',
      'gatehouse init --main apps/api/src/main.ts --dry-run',
    ],
    exits: {
      [EXIT.good]: 'it is there now, or was before',
      [EXIT.failed]: 'no Nest project, or files that it does not understand: nothing was changed',
    },
  });
}

function init(folder: string, { dryRun, yes, ...options }: InitOptions): void {
  const project = readProject(folder, options);
  const plan = planInit(project);
  const isInstalled = yes === true && dryRun !== true;
  if (dryRun !== true) applyChanges(plan.changes);
  if (isInstalled) install(project, plan.packages);
  console.log(initReport(project, plan, { isDryRun: dryRun === true, isInstalled }));
}

function install({ root, packageManager }: NestProject, packages: readonly string[]): void {
  if (packages.length === 0) return;
  const [name = '', ...args] = installCommand(packageManager, packages);
  // On Windows package managers are scripts, which only a shell runs; no argument has anything of the user's in it.
  const { status } = spawnSync(name, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0)
    throw new Refusal(`The files are in place, but "${[name, ...args].join(' ')}" has failed: run it again.`);
}
