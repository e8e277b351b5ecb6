import { InvalidArgumentError, type Command } from 'commander';
import { EXIT } from '../exit-codes.js';
import { interruptible } from '../interruption.js';
import { MODULE_ARGUMENT } from '../module-argument.js';
import { Progress } from '../progress.js';
import { Refusal } from '../refusal.js';
import { leftText, verdictOf } from '../reseal-text.js';
import { teach } from '../teach.js';
import { withApplication } from '../with-application.js';

interface ResealFlags {
  readonly batch: number;
  readonly dryRun?: true;
}

const BATCH = 200;
const MOST_BATCH = 10_000;

export function addReseal(program: Command): void {
  const command = program
    .command('reseal')
    .description('Seals anew, under the present secret, what an earlier one sealed, so that the earlier one may go.')
    .argument(...MODULE_ARGUMENT)
    .option('--batch <rows>', `rows read at a time, 1 to ${MOST_BATCH}`, batchOf, BATCH)
    .option('--dry-run', 'count what is left by key id, and change nothing')
    .addHelpText(
      'after',
      '\nRun it with the configuration of the deployment that signs with the new secret, once every instance has it.\n' +
        'Instances may go on working meanwhile. Whatever ends it, run it again: it goes on where it was.',
    )
    .action(reseal);
  teach(command, {
    examples: ['gatehouse reseal dist/app.module.js --dry-run', 'gatehouse reseal dist/app.module.js'],
    exits: {
      [EXIT.good]: 'nothing is sealed under an earlier secret any more: zero left',
      [EXIT.findings]: 'something is left: it cannot be opened, or an instance still seals under an earlier secret',
      [EXIT.failed]: 'it could not be finished, or was interrupted: run it again',
    },
  });
}

function reseal(module: string, { batch, dryRun }: ResealFlags): Promise<void> {
  return withApplication(module, async ({ app, gatehouse }) => {
    const service = app.get(gatehouse.Reseal, { strict: false });
    const { current } = service.keyIds();
    console.log(`The present secret has key id ${current}.`);
    if (dryRun !== true) {
      const progress = new Progress();
      const { interrupted, resealed, overtaken, unopened } = await interruptible((signal) =>
        service.run({
          batch,
          signal,
          onProgress: ({ column, seen, resealed: done }) =>
            progress.say(`${column}: ${done} sealed anew, ${seen} rows seen`),
        }),
      ).finally(() => progress.end());
      const asides = [
        ...(overtaken > 0 ? [`${overtaken} changed by somebody else in the meantime`] : []),
        ...(unopened > 0 ? [`${unopened} that could not be opened and stay as they are`] : []),
      ];
      console.log([`Sealed anew: ${resealed}`, ...asides].join(', ') + '.');
      if (interrupted) throw new Refusal('Interrupted. What has been sealed anew stays so: run it again to go on.');
    }
    const counts = await service.count();
    for (const line of leftText(service.keyIds(), counts)) console.log(line);
    const { isDone, text } = verdictOf(counts);
    console.log(text);
    process.exitCode = isDone ? EXIT.good : EXIT.findings;
  });
}

function batchOf(text: string): number {
  const rows = Number(text);
  if (/^\d{1,5}$/.test(text) && rows >= 1 && rows <= MOST_BATCH) return rows;
  throw new InvalidArgumentError(`A whole number from 1 to ${MOST_BATCH}.`);
}
