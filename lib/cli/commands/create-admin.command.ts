import { Option, type Command } from 'commander';
import { makeAdministrator, type AdministratorFlags } from '../make-administrator.js';
import { EXIT } from '../exit-codes.js';
import { MODULE_ARGUMENT } from '../module-argument.js';
import { Refusal } from '../refusal.js';
import { teach } from '../teach.js';

/** What the environment may hold in place of a prompt. */
export const PASSWORD_VARIABLE = 'GATEHOUSE_ADMIN_PASSWORD';

const NO_PASSWORDS_HERE =
  'A password on the command line is in the history of the shell, and seen by everybody who may list processes. ' +
  `Use --prompt, set ${PASSWORD_VARIABLE}, or leave both out: the owner is mailed a link then.`;

export function addCreateAdmin(program: Command): void {
  const command = program
    .command('create-admin')
    .description('Makes an administrator, who is mailed a link to set a password unless one is given.')
    .argument(...MODULE_ARGUMENT)
    .requiredOption('--email <address>', 'address of the administrator')
    .option('--prompt', 'ask for a password here, without showing it')
    .option('--another', 'also when there is an administrator already')
    .option('--promote', 'give the role to the account that has the address, if its owner has proven it')
    .addOption(new Option('--password [value]').hideHelp())
    .addHelpText(
      'after',
      `\nA password is never taken from the command line: --prompt asks, or set ${PASSWORD_VARIABLE}.`,
    )
    .action((module: string, { password, ...flags }: AdministratorFlags & { readonly password?: unknown }) => {
      if (password !== undefined) throw new Refusal(NO_PASSWORDS_HERE, EXIT.usage);
      return makeAdministrator(module, flags, process.env[PASSWORD_VARIABLE]);
    });
  teach(command, {
    examples: [
      'gatehouse create-admin dist/app.module.js --email ada@example.com',
      'gatehouse create-admin dist/app.module.js --email ada@example.com --prompt',
    ],
    exits: {
      [EXIT.good]: 'there is the administrator',
      [EXIT.failed]: 'nobody was made an administrator; why is said',
    },
  });
}
