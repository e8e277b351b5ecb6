#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands.js';
import { EXIT } from './exit-codes.js';
import { packageVersion } from './package-version.js';
import { Refusal } from './refusal.js';

const program = new Command('gatehouse')
  .description('Runs, checks and maintains an application that signs people in with nestjs-gatehouse.')
  .version(packageVersion())
  .showHelpAfterError('(gatehouse --help shows how)')
  .exitOverride();
for (const add of COMMANDS) add(program);

program.parseAsync().catch((error: unknown) => {
  process.exitCode = exitCodeOf(error);
});

function exitCodeOf(error: unknown): number {
  // Commander has said by itself what is wrong with the command line.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.good : EXIT.usage;
  if (error instanceof Refusal) {
    console.error(error.message);
    return error.exitCode;
  }
  console.error(error instanceof Error ? (error.stack ?? error.message) : 'The command failed.');
  return EXIT.failed;
}
