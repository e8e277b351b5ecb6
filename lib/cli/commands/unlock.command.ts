import { Option, type Command } from 'commander';
import { EXIT } from '../exit-codes.js';
import { MODULE_ARGUMENT } from '../module-argument.js';
import { Refusal } from '../refusal.js';
import { teach } from '../teach.js';
import { withApplication } from '../with-application.js';

interface Whom {
  readonly email?: string;
  readonly id?: string;
}

export function addUnlock(program: Command): void {
  const command = program
    .command('unlock')
    .description('Lets the password of an account be tried again after too many wrong ones.')
    .argument(...MODULE_ARGUMENT)
    .addOption(new Option('--email <address>', 'whose account').conflicts('id'))
    .option('--id <id>', 'whose account, by the id of the user')
    .action(unlock);
  teach(command, {
    examples: ['gatehouse unlock dist/app.module.js --email ada@example.com'],
    exits: {
      [EXIT.good]: 'the account has no lock any more, or had none',
      [EXIT.failed]: 'there is no such account, or the application could not be loaded',
    },
  });
}

async function unlock(module: string, { email, id }: Whom): Promise<void> {
  if (email === undefined && id === undefined) throw new Refusal('Say whose account: --email or --id.', EXIT.usage);
  await withApplication(module, async ({ app, gatehouse }) => {
    const accounts = app.get(gatehouse.Accounts, { strict: false });
    const user = email === undefined ? await accounts.find(id ?? '') : await accounts.findByEmail(email);
    if (user === undefined) throw new Refusal('There is no such account.');
    await accounts.unlock(user.id);
    console.log('Unlocked: its password may be tried again.');
    // The wrong ones of the last minutes are counted where the state is.
    if (app.get(gatehouse.StateStore, { strict: false }).constructor.name === 'MemoryStateStore') {
      console.error(
        'The state store is in the memory of each process: locks of a process that runs end by themselves.',
      );
    }
  });
}
