import { Command } from 'commander';
import { COMMANDS } from './commands.js';
import { packageVersion } from './package-version.js';

/** The whole command line, for the binary and for those who compare it with its page. */
export function gatehouseProgram(): Command {
  const program = new Command('gatehouse')
    .description('Runs, checks and maintains an application that signs people in with nestjs-gatehouse.')
    .version(packageVersion())
    .showHelpAfterError('(add --help to see how it is used)')
    .configureOutput({ outputError: (text, write) => write(withoutValues(text)) })
    .addHelpText('after', '\ngatehouse COMMAND --help explains a command, with examples and its exit codes.')
    .exitOverride();
  for (const add of COMMANDS) add(program);
  return program;
}

/** Of an option that is not known only the name: somebody may have taken it for the place of a password. */
function withoutValues(text: string): string {
  return text.replace(/(?<![\w-])(--?[\w-]+)=[^\n]*?(?='?\n|$)/g, '$1');
}
