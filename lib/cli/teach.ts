import type { Command } from 'commander';
import { EXIT, type ExitCode } from './exit-codes.js';

/** What `--help` of a command says beside its arguments and options. */
export interface Lesson {
  /** Whole command lines. */
  readonly examples: readonly string[];
  /** What each exit code of the command means there. Code 2 need not be said: it is the same everywhere. */
  readonly exits: Partial<Record<ExitCode, string>>;
}

/** Adds examples and exit codes to the help of a command. */
export function teach(command: Command, { examples, exits }: Lesson): Command {
  const meanings: Lesson['exits'] = { ...exits, [EXIT.usage]: 'the command line cannot be understood' };
  const codes = Object.entries(meanings).map(([code, meaning]) => `  ${code}  ${meaning}`);
  const shown = examples.map((example) => `  $ ${example}`);
  return command.addHelpText('after', ['', 'Examples:', ...shown, '', 'Exit codes:', ...codes].join('\n'));
}
