import type { Command } from 'commander';
import { EXIT } from '../exit-codes.js';
import { interruptible } from '../interruption.js';
import { MODULE_ARGUMENT } from '../module-argument.js';
import { Refusal } from '../refusal.js';
import { teach } from '../teach.js';
import { withApplication } from '../with-application.js';

export function addJobs(program: Command): void {
  const jobs = program.command('jobs').description('Lists the jobs that run in the background, and runs them once.');
  const list = jobs
    .command('list')
    .description('Prints the names of the jobs, one a line.')
    .argument(...MODULE_ARGUMENT)
    .action((module: string) =>
      withApplication(module, async ({ app, gatehouse }) => {
        for (const name of app.get(gatehouse.Jobs, { strict: false }).names) console.log(name);
      }),
    );
  const run = jobs
    .command('run')
    .description(
      'Runs one job, or each of them after the other, once and for a bounded time. Ctrl+C ends after a batch.',
    )
    .argument(...MODULE_ARGUMENT)
    .argument('[name]', 'the job; without it all of them')
    .action(runJobs);
  const failed = 'the application could not be loaded';
  teach(jobs, {
    examples: ['gatehouse jobs list dist/app.module.js', 'gatehouse jobs run dist/app.module.js'],
    exits: { [EXIT.good]: 'done', [EXIT.failed]: `a job failed, or ${failed}` },
  });
  teach(list, {
    examples: ['gatehouse jobs list dist/app.module.js'],
    exits: { [EXIT.good]: 'the names were printed', [EXIT.failed]: failed },
  });
  teach(run, {
    examples: ['gatehouse jobs run dist/app.module.js', 'gatehouse jobs run dist/app.module.js clean-up'],
    exits: {
      [EXIT.good]: 'every job came to its end, also one that another instance was at',
      [EXIT.failed]: `a job failed or was interrupted, or ${failed}`,
    },
  });
}

function runJobs(module: string, asked: string | undefined): Promise<void> {
  return withApplication(module, async ({ app, gatehouse }) => {
    const jobs = app.get(gatehouse.Jobs, { strict: false });
    if (asked !== undefined && !jobs.names.includes(asked)) {
      throw new Refusal(`There is no job of that name. There are: ${jobs.names.join(', ')}.`, EXIT.usage);
    }
    const names = asked === undefined ? jobs.names : [asked];
    const failed = await interruptible(async (signal) => {
      const failures: string[] = [];
      for (const name of names) {
        if (signal.aborted) break;
        const error = await jobs.run(name, { signal }).then(
          (done) => console.log(`${name}: ${done}`),
          (reason: unknown) => reason,
        );
        if (error === undefined) continue;
        console.error(`${name} failed: ${error instanceof Error ? error.message : 'unknown reason'}`);
        failures.push(name);
      }
      if (signal.aborted) throw new Refusal('Interrupted: what is left waits for the next run.');
      return failures;
    });
    if (failed.length > 0) throw new Refusal(`Failed: ${failed.join(', ')}.`);
  });
}
