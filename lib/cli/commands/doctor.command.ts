import type { Command } from 'commander';
import { loadApplication } from '../application.js';
import { examine, type Examination } from '../doctor/examination.js';
import { DoctorPage } from '../doctor/page.js';
import { EXIT } from '../exit-codes.js';
import { packageVersion } from '../package-version.js';
import { unexpected } from '../doctor/failure.js';

const HELP = `
Loads the compiled root module with the environment that it will have, and runs every check of the production
checklist. Providers are made and the database and Redis are connected; no lifecycle hook of the application runs, so no
job, mail, seeder or server. Nothing is written to the database; to Redis go keys under gh:doctor: that end within 10 s.
Constructors and async factories of the application do run.

Exit code: 0 nothing refuses a start, 1 something does, 2 the command line is wrong, 3 the module cannot be loaded.

Examples:
  $ NODE_ENV=production gatehouse doctor dist/app.module.js
  $ gatehouse doctor dist/app.module.js --static         # options and code alone: no database, no Redis, no mail server
  $ gatehouse doctor dist/app.module.js --json > findings.json`;

interface Flags {
  readonly json?: boolean;
  readonly static?: boolean;
}

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('check an application against the production checklist')
    .description('Checks an application against the production checklist, without starting it.')
    .argument('<module>', 'the compiled root module, such as dist/app.module.js; not main')
    .option('--json', 'print the result as JSON')
    .option('--static', 'judge options and code alone, and connect to nothing')
    .addHelpText('after', HELP)
    .action(async (module: string, flags: Flags) => {
      const examination = await run(module, flags);
      process.exitCode = examination.fit ? EXIT.good : EXIT.findings;
    });
}

async function run(module: string, flags: Flags): Promise<Examination> {
  const page = new DoctorPage(process.stdout.columns);
  const load = () => loadApplication(module).catch(unexpected);
  if (flags.json === true) {
    const examination = await examine(load, { onlyOptions: flags.static === true });
    console.log(JSON.stringify({ gatehouse: packageVersion(), module, ...examination }, null, 2));
    return examination;
  }
  console.log(`Gatehouse doctor ${packageVersion()}`);
  const examination = await examine(load, {
    onlyOptions: flags.static === true,
    onPlaces: (places) => console.log(`${page.places(module, places)}\n`),
  });
  console.log(page.findings(examination));
  return examination;
}
